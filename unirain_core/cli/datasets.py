"""`unirain datasets [ID|check]`: the catalogue, one entry of it, or what the datasets of params hold."""

import difflib
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Optional

import typer

from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.roots import Roots
from unirain_core.cli.params import load_params
from unirain_core.config.params import Params
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.sources import catalogue
from unirain_core.sources.admission import Admission, admit
from unirain_core.sources.catalogue import Catalogue, Record
from unirain_core.sources.datasets import find_pairs
from unirain_core.sources.layouts import Halves, Layout
from unirain_core.sources.leftovers import N_EXAMPLES
from unirain_core.sources.listing import Listing

WIDTH = 100


def datasets(
    what: Annotated[
        Optional[str],  # noqa: UP045 (typer reads it)
        typer.Argument(help="Id of an entry of the catalogue, or `check`; without it, the whole catalogue."),
    ] = None,
) -> None:
    """Print the catalogue, the entry of an id, or, for `check`, what the datasets of params hold.

    Raises:
        ConfigError: there is no such entry.
        MissingInputError: after `check` has printed all: a dataset cannot be used, or a rain type has no pair.
    """
    known = catalogue.load()
    if what == "check":
        check(Path.cwd(), known)
    elif what is None:
        print("\n".join(table(known)))
    elif what in known.records:
        print("\n".join(entry(known.records[what])))
    else:
        near = difflib.get_close_matches(what, known.records, n=3, cutoff=0.4)
        raise ConfigError(f"dataset '{what}' is not in the catalogue; nearest: {', '.join(near) or 'none'}")


def table(known: Catalogue) -> list[str]:
    """One line per entry, then what fills each rain type."""
    lines = [f"{'id':<26}{'rain types':<20}{'origin':<11}{'good for':<24}name"]
    for record in known.records.values():
        types = " ".join(record.rain_types) or "(say in params)"
        lines.append(
            f"{record.id:<26}{types:<20}{record.origin:<11}{', '.join(record.role):<24}{record.name}"
        )
    lines += ["", "Pairs of a rain type:"]
    for rain_type in known.fills:
        lines += _wrapped(f"{rain_type}: ", known.advice(rain_type))
    return lines


def entry(record: Record) -> list[str]:
    """All that the catalogue knows of one dataset, for a person."""
    counts = ", ".join(f"{part} {number:,}" for part, number in record.counts.items() if number is not None)
    lines = [f"{record.id}: {record.name}", *_wrapped("  ", record.citation or "any data of your own")]
    facts = {
        "rain types": ", ".join(record.rain_types) or "say rain_types in params",
        "origin": record.origin,
        "good for": ", ".join(record.role),
        "counts": counts or "not published",
        "pictures": ", ".join(v for v in record.image.values() if v) or "unknown",
        "size": f"{record.size_gb:g} GB" if record.size_gb else "unknown",
        "terms": record.terms or "no terms found",
        "download": record.source_page or "no public page found",
    }
    for name, value in facts.items():
        lines += _wrapped(f"  {name + ':':<12}", value)
    for layout in record.layouts:
        lines += ["", *_wrapped("  layout: ", layout.root_hint or "any folder"), *_examples(layout)]
    lines += _section("traps", record.traps) + _section("not verified", record.unverified)
    return lines


def check(root: Path, known: Catalogue) -> None:
    """Say of every dataset of params what its layout finds, and what is missing of each rain type.

    Raises:
        MissingInputError: after all was printed: a dataset cannot be used, or a rain type has no pair.
    """
    params = load_params(root)
    roots = Roots.load(root)
    unusable: list[str] = []
    found: Counter[str] = Counter()
    for name, dataset in params.raw_datasets.datasets.items():
        try:
            _, listing = find_pairs(name, dataset, roots, known)
            admission = admit(
                name, listing, params.raw_datasets, rain_types=params.rain_types, shows=known.shows
            )
        except (MissingInputError, ConfigError) as error:
            unusable.append(name)
            print("\n".join(_wrapped(f"{name}: ", f"not usable: {error}")))
            continue
        found.update(t for e in admission.entries for t in e.rain_types)
        print("\n".join(_wrapped(f"{name}: ", summary(admission, known.records[dataset.layout]))))
        for remark in remarks(admission, listing):
            print("\n".join(_wrapped("  - ", remark)))
    empty = report_types(params, found, known)
    if unusable or empty:
        raise MissingInputError(
            f"{len(unusable)} of {len(params.raw_datasets.datasets)} datasets cannot be used "
            f"({', '.join(unusable) or 'none'}); rain types without a pair: {', '.join(empty) or 'none'}"
        )


def summary(admission: Admission, record: Record) -> str:
    """The rows of one dataset that enter the pool, beside its published counts."""
    kinds: list[str] = []
    for row in admission.entries:
        kinds += [f"{row.role} {rain_type}" for rain_type in row.rain_types or ("photos",)]
    parts = [f"layout {record.id}", f"{len(admission.entries):,} rows", _counts(kinds)]
    if admission.dropped:
        parts.append(f"dropped: {_counts(d.reason for d in admission.dropped)}")
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


def report_types(params: Params, found: Mapping[str, int], known: Catalogue) -> list[str]:
    """Print how many listed pairs each rain type has; return the types without any."""
    empty: list[str] = []
    for rain_type in params.rain_types:
        perhaps = sum(n for name, n in found.items() if rain_type in name.removeprefix("luma:").split("|"))
        sure = found.get(rain_type, 0)
        later = f" and up to {perhaps - sure:,} whose time of day is decided later" if perhaps > sure else ""
        if perhaps:
            print(f"{rain_type}: {sure:,} pairs{later}")
        else:
            empty.append(rain_type)
            print("\n".join(_wrapped(f"{rain_type}: ", f"no pair; {known.advice(rain_type)}")))
    return empty


def _counts(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {number:,}" for word, number in sorted(Counter(words).items()))


def _examples(layout: Layout) -> list[str]:
    lines = []
    for example in layout.examples:
        partner = f"  ->  {example.target}" if example.target else ""
        if isinstance(layout.target, Halves):
            partner = f"  ({layout.target.clean} half clean)"
        lines.append(f"    {example.input}{partner}")
    return lines


def _section(title: str, sentences: Sequence[str]) -> list[str]:
    lines = ["", f"  {title}:"] if sentences else []
    for sentence in sentences:
        lines += _wrapped("  - ", sentence)
    return lines


def _wrapped(head: str, text: str) -> list[str]:
    indent = " " * min(len(head), 14)
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,  # a path in a remedy stays whole
    ) or [head]
