"""Stage raw_datasets: list every pair and photo of the pool with its content hashes; opens no picture."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.partitions import remove_unnamed
from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, ManifestRow
from unirain_core.config.sections import RainType, RawDatasets, SampleCorpus
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.sources import catalogue
from unirain_core.sources.admission import Admission, Entry, admit
from unirain_core.sources.datasets import find_pairs, left_out
from unirain_core.sources.file_contents import Content
from unirain_core.sources.file_hashes import HashCache
from unirain_core.sources.listing import Foreign, Listing
from unirain_core.sources.supply import demand_supply
from unirain_core.sources.tree import Tree

READS = (paths.SAMPLE_CORPUS,)
WRITES = (paths.RAW, paths.report("raw_datasets"))
PARAMS = ("raw_datasets", "sample_corpora", "rain_types")

ALGORITHM = "4"

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    raw_datasets: RawDatasets,
    sample_corpora: Mapping[str, SampleCorpus],
    rain_types: tuple[RainType, ...],
) -> None:
    """Write the manifest and what was dropped from it.

    Raises:
        ConfigError: params names no dataset, or must say more of one.
        MissingInputError: a dataset's folder is absent, empty, or has another tree than its layout; or a rain type has no pair
            without the optional datasets that are not here.
        OSError: a store does not answer; all that it gave before is kept.
    """
    logger.info("raw_datasets: %d datasets", len(raw_datasets.datasets))
    if not raw_datasets.datasets:
        raise ConfigError(
            "raw_datasets.datasets: empty; name a dataset, `unirain datasets` lists the catalogue"
        )
    remove_unnamed(root / paths.common(paths.SAMPLE_CORPUS), sample_corpora, "sample_corpora")
    cache = HashCache(WorkStore.at(root, "raw_datasets").home / "hashes" / "files.sqlite")
    roots = Roots.load(root)
    absent = left_out(raw_datasets, roots)
    for sentence in absent.values():
        logger.info("raw_datasets: %s", sentence)
    pool = _without(raw_datasets, absent, rain_types)
    rows: list[ManifestRow] = []
    dropped: list[Dropped] = []
    notes = list(absent.values())
    foreign: dict[str, Foreign] = {}
    for name in sorted(pool.datasets):
        content = _list_dataset(name, pool, roots, rain_types, cache)
        rows += content.rows
        dropped += content.dropped
        notes += content.notes
        foreign[name] = content.foreign
    rows.sort(key=lambda row: row.pair_id)
    dropped.sort(key=lambda row: row.pair_id)
    tables.write(root / paths.RAW / "manifest.parquet", rows, ManifestRow)
    tables.write(root / paths.RAW / "dropped.parquet", dropped, Dropped)
    whole = _report(rows, dropped, notes, foreign)
    if absent:
        whole = replace(whole, counts={**whole.counts, "datasets_left_out": len(absent)})
    report.write(root / paths.report("raw_datasets"), whole)
    logger.info("raw_datasets: %d rows listed, %d dropped", len(rows), len(dropped))


def _without(pool: RawDatasets, absent: Mapping[str, str], rain_types: Sequence[RainType]) -> RawDatasets:
    """The pool of the datasets that are here.

    Raises:
        MissingInputError: without the others a rain type has no pair.
    """
    here = replace(pool, datasets={name: one for name, one in pool.datasets.items() if name not in absent})
    if not absent:
        return here
    if not here.datasets:
        raise MissingInputError(f"raw_datasets.datasets: nothing is left; {'; '.join(absent.values())}")
    try:
        demand_supply(here, rain_types)
    except ConfigError as error:
        raise MissingInputError(f"{error}; {'; '.join(absent.values())}") from None
    return here


@dataclass(frozen=True, slots=True)
class _Content:
    """All that one dataset's folder holds."""

    rows: Sequence[ManifestRow]
    dropped: Sequence[Dropped]
    notes: Sequence[str]
    foreign: Foreign


def _list_dataset(
    name: str, pool: RawDatasets, roots: Roots, rain_types: Sequence[RainType], cache: HashCache
) -> _Content:
    whole_catalogue = catalogue.load()
    dataset = pool.datasets[name]
    tree, listing = find_pairs(name, dataset, roots, whole_catalogue)
    admission = admit(name, listing, pool, rain_types=rain_types, shows=whole_catalogue.shows)
    contents = _contents(admission.entries, tree, cache)
    origin = dataset.origin or whole_catalogue.records[dataset.layout].origin
    rows, dropped = [], list(admission.dropped)
    for entry in admission.entries:
        rainy = contents[entry.rainy.whole]
        clean = contents[entry.clean.whole] if entry.clean else None
        broken = next((c for c in (rainy, clean) if c and c.problem), None)
        if broken:
            dropped.append(
                Dropped(pair_id=entry.pair_id, dataset=name, reason=broken.problem, other=broken.detail)
            )
        else:
            rows.append(_row(name, entry, origin, rainy, clean))
    logger.info("raw_datasets: %s: %d rows listed, %d dropped", name, len(rows), len(dropped))
    return _Content(rows, dropped, _notes(name, rows, admission, listing), listing.foreign)


def _contents(entries: Sequence[Entry], tree: Tree, cache: HashCache) -> dict[Picture, Content]:
    """What every file holds, by its whole picture; a file that holds two pictures is read once."""
    files: set[Picture] = set()
    for entry in entries:
        files.add(entry.rainy.whole)
        if entry.clean is not None:
            files.add(entry.clean.whole)
    order = sorted(files, key=lambda picture: picture.path)
    return dict(zip(order, cache.contents([tree.place(file) for file in order]), strict=True))


def _row(name: str, entry: Entry, origin: str, rainy: Content, clean: Content | None) -> ManifestRow:
    """A row; where one file holds both pictures, the columns of the clean file are empty."""
    target = None if entry.rainy.half else entry.clean
    own = clean if target else None
    return ManifestRow(
        pair_id=entry.pair_id,
        dataset=name,
        rain_types=entry.rain_types,
        origin="real" if entry.role == "real" else origin,
        role=entry.role,
        root=entry.rainy.root,
        input=entry.rainy.path,
        target=target.path if target else None,
        halves=entry.clean.half if entry.clean else None,
        group=entry.group,
        input_bytes=rainy.size,
        target_bytes=own.size if own else None,
        input_hash=rainy.hash,
        target_hash=own.hash if own else None,
    )


def _notes(name: str, rows: Sequence[ManifestRow], admission: Admission, listing: Listing) -> list[str]:
    notes = [f"{name}: {note}" for note in listing.notes]
    if not rows:
        notes.append(f"{name}: nothing was listed, every picture was dropped with a reason")
    if admission.without_scene:
        notes.append(
            f"{name}: scene_rule leaves out {admission.without_scene} of {len(admission.entries)} paths"
        )
    return notes


def _report(
    rows: Sequence[ManifestRow],
    dropped: Sequence[Dropped],
    notes: Sequence[str],
    foreign: Mapping[str, Foreign],
) -> Report:
    pairs = [row for row in rows if row.role != "real"]
    figures: dict[str, Json] = {
        "datasets": _counted(row.dataset for row in rows),
        "roles": _counted(row.role for row in rows),
        "origins": _counted(row.origin for row in pairs),
        "types": _counted(row.rain_types[0] for row in pairs),
        "dropped_by_dataset": _counted(row.dataset for row in dropped),
        "foreign": [
            {"dataset": name, "files": files.n_files, "examples": ", ".join(files.examples)}
            for name, files in foreign.items()
            if files.n_files
        ],
    }
    return Report(
        stage="raw_datasets",
        counts={"pairs": len(pairs), "photos": len(rows) - len(pairs), "dropped": len(dropped)},
        reasons=_counted(row.reason for row in dropped),
        notes=notes,
        figures=figures,
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
