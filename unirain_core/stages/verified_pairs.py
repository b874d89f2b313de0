"""Stage verified_pairs: open every picture; what is broken, misaligned, doubled or leaked leaves with its reason."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair, RealPhoto
from unirain_core.config.sections import RainType, VerifiedPairs
from unirain_core.distill.duplicates import NONE
from unirain_core.distill.inspection import Inspection, InspectRows
from unirain_core.distill.pool import measured, pool_of, screened
from unirain_core.engine.jobs import Failed, Job
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.errors import EmptyTypeError

READS = (paths.RAW,)
WRITES = (paths.VERIFIED, paths.report("verified_pairs"))
PARAMS = ("verified_pairs", "rain_types")

ALGORITHM = "3"

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
    windows: Iterable[tuple[Sequence[ManifestRow], Sequence[Inspection]]],
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
    """
    manifest = root / paths.RAW / "manifest.parquet"
    names = ["pair_id", "group"]
    pieces = (measured(rows, inspections, params) for rows, inspections in windows)
    pool = pool_of(pieces, tables.columns(manifest, ManifestRow, names))
    pool = screened(pool, params, rain_types)
    called = tables.columns(manifest, ManifestRow, names)  # read anew: the checks need the memory
    _write_dropped(root / paths.VERIFIED / "dropped.parquet", pool, called["pair_id"])
    _demand_every_type(pool, rain_types)
    _write_kept(root / paths.VERIFIED, manifest, pool, called)
    summary = _report(pool, called["pair_id"], rain_types)
    report.write(root / paths.report("verified_pairs"), summary)
    counts = [summary.counts[name] for name in ("pairs", "photos", "dropped")]
    logger.info("verified_pairs: %d pairs, %d photos, %d dropped", *counts)


def inspected(
    root: Path, job: Job[ManifestRow, Inspection]
) -> Iterator[tuple[Sequence[ManifestRow], Sequence[Inspection]]]:
    """Rows of the manifest that follow each other, with what was measured of them."""
    pieces = tables.batches(root / paths.RAW / "manifest.parquet", ManifestRow)
    batches = (tables.rows_of(piece, ManifestRow) for piece in pieces)
    for window in stream(job, batches, WorkStore.at(root, "verified_pairs")):
        both = zip(window.rows, window.outcomes(), strict=True)
        yield window.rows, [_inspection(row, outcome) for row, outcome in both]


def _inspection(row: ManifestRow, outcome: Inspection | Failed) -> Inspection:
    """What was measured of a row; a row whose work failed has its problem."""
    if isinstance(outcome, Failed):
        return Inspection(pair_id=row.pair_id, problem=outcome.reason, detail=outcome.detail)
    return outcome


def _write_dropped(path: Path, pool: pl.DataFrame, ids: pl.Series) -> None:
    dropped = pool.with_columns(ids).filter(pl.col("reason").is_not_null())
    others = ids.gather(pl.select(pl.when(dropped["other"] != NONE).then(dropped["other"])).to_series())
    rows = dropped.select("pair_id", "dataset", "reason", pl.coalesce(others, "detail").alias("other"))
    with tables.writer(path, Dropped) as table:
        table.columns(rows)


def _demand_every_type(pool: pl.DataFrame, rain_types: Sequence[RainType]) -> None:
    kept = set(_pairs(pool)["rain_type"].unique())
    empty = [kind for kind in rain_types if kind not in kept]
    if empty:
        names = ", ".join(empty)
        lost = ", ".join(f"{n} {reason}" for reason, n in _reasons(pool).items())
        raise EmptyTypeError(
            f"no verified pair of rain type {names} (dropped: {lost or 'none'}); add a dataset to "
            f"raw_datasets.datasets, or take {names} out of rain_types in params.yaml",
            empty,
        )


def _write_kept(folder: Path, manifest: Path, pool: pl.DataFrame, names: pl.DataFrame) -> None:
    """Write pairs and photos, a piece of the manifest at a time: its paths and hashes are never held all at once."""
    scene_names = names.select(pl.coalesce("group", "pair_id")).to_series()
    columns = [
        "pair_id", "root", "input", "target", "halves", "input_hash", "target_hash"
    ]  # fmt: skip
    start = 0
    with (
        tables.writer(folder / "pairs.parquet", Pair) as pairs,
        tables.writer(folder / "real.parquet", RealPhoto) as photos,
    ):
        for listed in tables.batches(manifest, ManifestRow, columns):
            rows = pl.DataFrame(listed).hstack(pool[start : start + len(listed)])
            start += len(listed)
            rows = rows.filter(pl.col("reason").is_null())
            is_photo = pl.col("role") == "real"
            pairs.columns(_pairs_of(rows.filter(~is_photo), scene_names))
            photos.columns(rows.filter(is_photo).rename({"pair_id": "photo_id"}))


def _pairs_of(rows: pl.DataFrame, scene_names: pl.Series) -> pa.Table:
    hashes = rows["clean_hash"].to_numpy()
    binary = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(32), len(rows), [None, pa.py_buffer(hashes.tobytes())]
    )
    table = rows.with_columns(
        pl.coalesce("target", "input").alias("target"),  # one file holds both sides
        pl.coalesce("target_hash", "input_hash").alias("target_hash"),
        scene_names.gather(rows["scene"]).alias("scene_id"),
    )
    arrow = table.drop("clean_hash").to_arrow()
    return arrow.append_column("clean_hash", binary.cast(pa.binary()))


def _pairs(pool: pl.DataFrame) -> pl.DataFrame:
    return pool.filter(pl.col("reason").is_null(), pl.col("role") != "real")


def _reasons(pool: pl.DataFrame) -> dict[str, int]:
    counts = pool["reason"].drop_nulls().value_counts().sort("reason")
    return dict(counts.iter_rows())


def _report(pool: pl.DataFrame, ids: pl.Series, rain_types: Sequence[str]) -> Report:
    pairs = _pairs(pool.with_columns(ids))
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
        reasons=_reasons(pool),
        notes=_notes(pairs),
        figures={"composition": _composition(pairs), "alignment": _alignment(pairs)},
    )


def _composition(pairs: pl.DataFrame) -> list[Json]:
    keys = [pl.col(name).cast(pl.String) for name in ("dataset", "rain_type", "origin")]
    counts = pairs.group_by(keys).agg(pl.len().alias("pairs"))
    return [*counts.sort("dataset", "rain_type", "origin").iter_rows(named=True)]


def _alignment(pairs: pl.DataFrame) -> list[Json]:
    """How high the phase correlation of each dataset's pairs peaks."""
    lines: list[Json] = []
    measured_pairs = pairs.drop_nulls("peak")
    for name in sorted(measured_pairs["dataset"].cast(pl.String).unique()):
        peaks = measured_pairs.filter(pl.col("dataset") == name)["peak"].to_numpy()
        middle = float(np.median(peaks))
        lines.append(
            {"dataset": name, "pairs": len(peaks), "peak_min": float(peaks.min()), "peak_median": middle}
        )
    return lines


def _notes(pairs: pl.DataFrame) -> list[str]:
    notes = ["photos are compared by their pixels alone: re-encoded copies among them are not found"]
    faint = pairs.filter("is_faint")["pair_id"]
    if len(faint):
        notes.append(
            f"{len(faint)} pairs differ from their clean picture by less than one grey level on average "
            f"(first: {faint[0]}): look whether they show rain"
        )
    return notes
