"""Stage verified_pairs: open every picture; what is broken, misaligned, doubled or leaked leaves with its reason."""

import ctypes
import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair, RealPhoto
from unirain_core.config.sections import RainType, VerifiedPairs
from unirain_core.distill.duplicates import NONE, Flags
from unirain_core.distill.inspection import Inspection, InspectRows
from unirain_core.distill.kept import IS_PAIR, alignment, composition, only_scored, reasons
from unirain_core.distill.pool import Pool, measured, screened, settled
from unirain_core.distill.roles import IS_JUDGED
from unirain_core.engine.jobs import Failed, Job
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.errors import EmptyTypeError, SchemaError
from unirain_core.imaging.near import Hashes

READS = (paths.RAW,)
WRITES = (paths.VERIFIED, paths.report("verified_pairs"))
PARAMS = ("verified_pairs", "rain_types")

ALGORITHM = "3"

Places = NDArray[np.integer[Any]]
Window = tuple[Sequence[ManifestRow], Sequence[Inspection]]

logger = logging.getLogger(__name__)


def run(root: Path, *, verified_pairs: VerifiedPairs, rain_types: tuple[RainType, ...]) -> None:
    """Write the verified pairs and photos, and what was dropped.

    Raises:
        EmptyTypeError: a rain type of params has no verified pair.
        ChangedInputError: a file is not the one that was listed; all others are inspected, and that work is kept.
    """
    job = InspectRows(max_pixels=verified_pairs.max_pixels, roots=Roots.load(root), algorithm=ALGORITHM)
    verify(root, inspected(root, job), verified_pairs, rain_types)


def verify(
    root: Path,
    windows: Iterable[Window],
    params: VerifiedPairs,
    rain_types: tuple[RainType, ...],
) -> None:
    """Write the verified pairs and photos, and what was dropped, of rows that were measured.

    Args:
        root: of the project.
        windows: all rows of the manifest in its order, with what was measured of them.
        params: thresholds.
        rain_types: of params.

    Raises:
        EmptyTypeError: a rain type of params has no verified pair.
        SchemaError: the manifest does not stand in the order of its ids.
    """
    manifest = root / paths.RAW / "manifest.parquet"
    pieces = (measured(rows, inspections, params) for rows, inspections in _in_order(windows))
    pool = Pool.of(pieces, tables.count(manifest, ManifestRow))
    _give_back_memory()
    across = screened(pool, params)
    facts, clean = pool.facts, pool.clean
    del pool  # the hashes of the rain are not needed any more
    rows = settled(facts, across, rain_types)
    del facts, across
    _write_dropped(root / paths.VERIFIED / "dropped.parquet", manifest, rows)
    _demand_every_type(rows, rain_types)
    _write_kept(root / paths.VERIFIED, manifest, rows, clean)
    del clean
    summary = _report(rows, manifest, rain_types)
    report.write(root / paths.report("verified_pairs"), summary)
    counts = [summary.counts[name] for name in ("pairs", "photos", "dropped")]
    logger.info("verified_pairs: %d pairs, %d photos, %d dropped", *counts)


def _give_back_memory() -> None:
    """Return to the system what the windows took and freed: 50 MB after a million rows, on top of all that follows."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
    if trim is not None:
        trim(0)


def _in_order(windows: Iterable[Window]) -> Iterator[Window]:
    """The windows, whose rows stand in the order of their ids: of two copies the earlier id stays, and all that follows meets
    table beside table."""
    last = ""
    for rows, inspections in windows:
        ids = [last, *(row.pair_id for row in rows)]
        for before, after in pairwise(ids):
            if before >= after:
                raise SchemaError(
                    f"manifest.parquet: {after} stands after {before}, but rows stand in the order of their ids; "
                    "run `dvc repro --force raw_datasets`"
                )
        last = ids[-1]
        yield rows, inspections


def inspected(root: Path, job: Job[ManifestRow, Inspection]) -> Iterator[Window]:
    """Rows of the manifest that follow each other, with what was measured of them."""
    manifest = root / paths.RAW / "manifest.parquet"
    pieces = tables.batches(manifest, ManifestRow)
    batches = (tables.rows_of(piece, ManifestRow) for piece in pieces)
    n_rows = tables.count(manifest, ManifestRow)
    for window in stream(job, batches, WorkStore.at(root, "verified_pairs"), total=n_rows):
        both = zip(window.rows, window.outcomes(), strict=True)
        yield window.rows, [_inspection(row, outcome) for row, outcome in both]


def _inspection(row: ManifestRow, outcome: Inspection | Failed) -> Inspection:
    """What was measured of a row; a row whose work failed has its problem."""
    if isinstance(outcome, Failed):
        return Inspection(pair_id=row.pair_id, problem=outcome.reason, detail=outcome.detail)
    return outcome


def _write_dropped(path: Path, manifest: Path, pool: pl.DataFrame) -> None:
    dropped = pool.select("dataset", "reason", "detail", "other", row=pl.int_range(pl.len(), dtype=pl.Int32))
    dropped = dropped.filter(pl.col("reason").is_not_null())
    ids, others = (_names(manifest, pl.col("pair_id"), dropped[rows].to_numpy()) for rows in ("row", "other"))
    rows = dropped.select(
        ids.alias("pair_id"),
        "dataset",
        "reason",
        pl.coalesce(others, pl.col("detail").cast(pl.String)).alias("other"),
    )
    with tables.writer(path, Dropped) as table:
        table.columns(rows)


def _names(manifest: Path, name: pl.Expr, rows: Places) -> pl.Series:
    """The names of some rows of the manifest; null for NONE. Names are longer than all else of a row: few are held."""
    distinct = np.unique(rows[rows != NONE])
    parts = [pl.Series("name", [], dtype=pl.String)]
    start = 0
    for piece in tables.batches(manifest, ManifestRow, ["pair_id", "group"]):
        here = distinct[slice(*np.searchsorted(distinct, [start, start + len(piece)]))] - start
        if len(here):
            parts.append(pl.DataFrame(piece).select(name.alias("name")).to_series()[here])
        start += len(piece)
    return _gathered(pl.concat(parts), np.searchsorted(distinct, rows), rows != NONE)


def _gathered(names: pl.Series, places: Places, is_named: Flags) -> pl.Series:
    """The names at some places; null where there is none."""
    wanted = pl.select(pl.when(pl.Series(is_named)).then(pl.Series(places))).to_series()
    return names.gather(wanted)


def _demand_every_type(pool: pl.DataFrame, rain_types: Sequence[RainType]) -> None:
    pairs = pool.lazy().filter(IS_PAIR)
    kept = set(pairs.filter(IS_JUDGED).select(pl.col("rain_type").unique()).collect().to_series())
    empty = [kind for kind in rain_types if kind not in kept]
    if empty:
        names = ", ".join(empty)
        lost = ", ".join(f"{n} {reason}" for reason, n in reasons(pool).items())
        n_scored = only_scored(pool.filter(pl.col("rain_type").cast(pl.String).is_in(empty)))
        but = f" but {n_scored} of role benchmark, which are only scored" if n_scored else ""
        raise EmptyTypeError(
            f"no verified pair of rain type {names} (dropped: {lost or 'none'}){but}; add a dataset to "
            f"raw_datasets.datasets, or take {names} out of rain_types in params.yaml",
            empty,
        )


_LISTED = ["pair_id", "root", "input", "target", "halves", "group", "input_hash", "target_hash"]
"""Columns of the manifest that the tables of pairs and photos have as well, and the group."""


def _write_kept(folder: Path, manifest: Path, pool: pl.DataFrame, clean: Hashes) -> None:
    """Write pairs and photos, a piece of the manifest at a time: its paths and hashes are never held all at once."""
    scene = pool["scene"].to_numpy()
    # a pair that opens its scene names it itself, and what was dropped has none
    is_other = (scene != np.arange(len(scene), dtype=np.int32)) & (scene != NONE)
    first = np.unique(scene[is_other])
    names = _names(manifest, _SCENE_NAME, first)
    start = 0
    with (
        tables.writer(folder / "pairs.parquet", Pair) as pairs,
        tables.writer(folder / "real.parquet", RealPhoto) as photos,
    ):
        for listed in tables.batches(manifest, ManifestRow, _LISTED):
            some = slice(start, start + len(listed))
            named = _gathered(names, np.searchsorted(first, scene[some]), is_other[some])
            rows = (
                pl.DataFrame(listed)
                .hstack(pool[some])
                .with_columns(pl.coalesce(named, _SCENE_NAME).alias("scene_id"))
            )
            is_kept, is_photo = rows["reason"].is_null(), rows["role"] == "real"
            pairs.columns(_pairs_of(rows.filter(is_kept & ~is_photo), clean))
            photos.columns(rows.filter(is_kept & is_photo).rename({"pair_id": "photo_id"}))
            start = some.stop


_SCENE_NAME = pl.coalesce("group", "pair_id")


def _pairs_of(rows: pl.DataFrame, clean: Hashes) -> pa.Table:
    hashes = clean[rows["hash_row"].to_numpy()].tobytes()
    binary = pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), len(rows), [None, pa.py_buffer(hashes)])
    table = rows.with_columns(
        pl.coalesce("target", "input").alias("target"),  # one file holds both sides
        pl.coalesce("target_hash", "input_hash").alias("target_hash"),
    )
    return table.to_arrow().append_column("clean_hash", binary.cast(pa.binary()))


def _report(pool: pl.DataFrame, manifest: Path, rain_types: Sequence[str]) -> Report:
    columns = ("dataset", "rain_type", "origin", "scene", "peak")
    pairs = pool.lazy().filter(IS_PAIR).select(columns).collect()
    n_dropped = pool["reason"].count()
    kinds = dict(pairs["rain_type"].value_counts().iter_rows())
    return Report(
        stage="verified_pairs",
        counts={
            "listed": len(pool),
            "pairs": len(pairs),
            "photos": len(pool) - len(pairs) - n_dropped,
            "dropped": n_dropped,
            "scenes": pairs["scene"].n_unique(),
            **{kind: kinds.get(kind, 0) for kind in rain_types},
        },
        reasons=reasons(pool),
        notes=_notes(pool, manifest),
        figures={"composition": composition(pairs), "alignment": alignment(pairs)},
    )


def _notes(pool: pl.DataFrame, manifest: Path) -> list[str]:
    notes = ["photos are compared by their pixels alone: re-encoded copies among them are not found"]
    n_scored = only_scored(pool)
    if n_scored:
        notes.append(f"{n_scored} pairs are of role benchmark: they are scored, and neither judged nor drawn")
    faint = pool.select((IS_PAIR & pl.col("is_faint")).arg_true()).to_series()
    if len(faint):
        first = _names(manifest, pl.col("pair_id"), faint[:1].to_numpy())[0]
        notes.append(
            f"{len(faint)} pairs differ from their clean picture by less than one grey level on average "
            f"(first: {first}): look whether they show rain"
        )
    return notes
