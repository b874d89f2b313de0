"""`unirain datasets check`: print whether each dataset of params can be used, and which rain types have no pairs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.roots import Roots
from unirain_core.cli.lines import counted, wrapped
from unirain_core.cli.params import load_params
from unirain_core.config.params import Params
from unirain_core.config.sections import Dataset
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.sources.admission import Admission, admit
from unirain_core.sources.catalogue import Catalogue, Record
from unirain_core.sources.datasets import find_pairs, left_out
from unirain_core.sources.leftovers import N_EXAMPLES
from unirain_core.sources.listing import Listing
from unirain_core.sources.soundness import Sizes, copies, measure, unofficial
from unirain_core.sources.tree import Tree


def check(root: Path, known: Catalogue) -> None:
    """Print the content of every dataset of params, and the number of pairs of each rain type.

    Raises:
        MissingInputError: a dataset cannot be used, or a rain type has no pair. Everything has been printed before.
    """
    params = load_params(root)
    roots = Roots.load(root)
    unusable: list[str] = []
    pairs_of_type, scored_of_type = Counter[str](), Counter[str]()
    absent = left_out(params.raw_datasets, roots)
    for name in params.raw_datasets.datasets:
        if name in absent:
            print("\n".join(wrapped("", absent[name])))
            continue
        try:
            admission = check_one(name, params, roots, known)
        except (MissingInputError, ConfigError) as error:
            unusable.append(name)
            print("\n".join(wrapped(f"{name}: ", f"not usable: {error}")))
            continue
        for row in admission.entries:
            (scored_of_type if row.role == "benchmark" else pairs_of_type).update(row.rain_types)
    empty = report_types(params, pairs_of_type, scored_of_type, known)
    if unusable or empty:
        raise MissingInputError(
            f"{len(unusable)} of {len(params.raw_datasets.datasets)} datasets cannot be used "
            f"({', '.join(unusable) or 'none'}); rain types without a pair: {', '.join(empty) or 'none'}"
        )


def check_one(name: str, params: Params, roots: Roots, known: Catalogue) -> Admission:
    """Print the content of one dataset, and its traps and terms.

    Raises:
        ConfigError: its entry in params is wrong or incomplete.
        MissingInputError: its folder is absent or has another tree than its layout.
    """
    pool = params.raw_datasets
    dataset = pool.datasets[name]
    tree, listing = find_pairs(name, dataset, roots, known)
    admission = admit(name, listing, pool, rain_types=params.rain_types, shows=known.shows)
    record = known.records[dataset.layout]
    print("\n".join(wrapped(f"{name}: ", summary(admission, record))))
    for remark in [*findings(tree, listing, record, dataset), *remarks(admission, listing)]:
        print("\n".join(wrapped("  - ", remark)))
    for trap in record.traps:
        print("\n".join(wrapped("  - trap: ", trap)))
    print("\n".join(wrapped("  - terms: ", record.terms or "no terms found")))
    return admission


def findings(tree: Tree, listing: Listing, record: Record, dataset: Dataset) -> Iterator[str]:
    """Sentences on the files of a dataset: number and size, pictures without a partner, and signs of a bad download."""
    sizes = measure(tree, listing)
    yield f"{sizes.rainy:,} rainy and {sizes.clean:,} clean files, {_readable(sizes.bytes)}"
    for reason, side in (
        ("orphan", "rainy pictures without a clean one"),
        ("orphan_clean", "clean pictures without a rainy one"),
    ):
        paths = sorted(entry.path for entry in listing.refused if entry.reason == reason)
        if paths:
            yield f"{len(paths):,} {side}, the first is {paths[0]}"
    is_any_tree_of_pairs = record.citation is None and record.origin == "synthetic"
    if is_any_tree_of_pairs and not dataset.origin and dataset.role != "real":
        yield (
            "its pairs count as synthetic, for a tree cannot say it: where a camera saw the rain, `origin: real` belongs "
            "into its entry of params"
        )
    yield from unofficial(record, listing, dataset.role)
    yield from _shown_traps(sizes, copies(tree, listing))
    if record.quota is not None and dataset.quota is None and sizes.rainy > record.quota:
        yield (
            f"its pictures show few scenes many times; `quota: {record.quota}` in params keeps that many, spread over all "
            "scenes"
        )


def _shown_traps(sizes: Sizes, doubled: list[str]) -> Iterator[str]:
    if sizes.pointers:
        yield f"{len(sizes.pointers):,} files are git-lfs pointers, the first is {sizes.pointers[0]}: run `git lfs pull`"
    if sizes.same:
        yield (
            f"{len(sizes.same)} of the compared pairs have the same bytes on both sides, the first is {sizes.same[0]}: "
            "it looks paired, and is not"
        )
    if doubled:
        yield f"{len(doubled):,} pictures are called like second copies of others, the first is {doubled[0]}"


def _readable(size: int) -> str:
    """Bytes in a unit that a person reads at a glance.

    >>> _readable(2_840_000_000), _readable(130)
    ('2.84 GB', '130 B')
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B"


def summary(admission: Admission, record: Record) -> str:
    """The rows of one dataset that enter the pool, beside its published counts."""
    kinds: list[str] = []
    for row in admission.entries:
        kinds += [f"{row.role} {rain_type}" for rain_type in row.rain_types or ("photos",)]
    parts = [f"layout {record.id}", f"{len(admission.entries):,} rows", counted(kinds)]
    if admission.dropped:
        parts.append(f"dropped: {counted(d.reason for d in admission.dropped)}")
    published = ", ".join(
        f"{part} {number:,}" for part, number in record.counts.items() if number is not None
    )
    return "; ".join(parts) + (f" (published: {published})" if published else "")


def remarks(admission: Admission, listing: Listing) -> list[str]:
    """Remarks for a person who may want to mend something: notes of the listing, ambiguous partners, foreign files."""
    sentences = list(listing.notes)
    ambiguous = [row for row in admission.dropped if row.reason == "ambiguous_partner"]
    if ambiguous:
        sentences.append(
            f"{MEANINGS['ambiguous_partner']}: first {ambiguous[0].pair_id}: {ambiguous[0].other}"
        )
    if listing.foreign.n_files:
        sentences.append(
            f"{listing.foreign.n_files:,} files are of no layout and stay unused: "
            f"{', '.join(listing.foreign.examples)}{' ...' if listing.foreign.n_files > N_EXAMPLES else ''}"
        )
    return sentences


def report_types(
    params: Params, pairs_of_type: Mapping[str, int], scored_of_type: Mapping[str, int], known: Catalogue
) -> list[str]:
    """Print how many listed pairs each rain type has.

    Args:
        params: of the project.
        pairs_of_type: pairs of each name of types; `luma:drs|nrs` is of one of two types, which `verified_pairs` decides.
        scored_of_type: likewise of pairs of role `benchmark`, which fill no rain type.
        known: the catalogue, for advice.

    Returns:
        The rain types without any pair.
    """
    empty: list[str] = []
    for rain_type in params.rain_types:
        sure, at_most = pairs_of_type.get(rain_type, 0), _at_most(pairs_of_type, rain_type)
        later = f" and up to {at_most - sure:,} whose time of day is decided later" if at_most > sure else ""
        if at_most:
            print(f"{rain_type}: {sure:,} pairs{later}")
        else:
            empty.append(rain_type)
            n_scored = _at_most(scored_of_type, rain_type)
            but = f" but up to {n_scored:,} of role benchmark, which are only scored" if n_scored else ""
            print("\n".join(wrapped(f"{rain_type}: ", f"no pair{but}; {known.advice(rain_type)}")))
    return empty


def _at_most(pairs_of_type: Mapping[str, int], rain_type: str) -> int:
    """Pairs that are or may be of a rain type."""
    numbers = [n for name, n in pairs_of_type.items() if rain_type in name.removeprefix("luma:").split("|")]
    return sum(numbers)
