"""Stage rainrag_split: the pyramid, the splits, and what they are made of."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import (
    Dropped,
    ManifestRow,
    Pair,
    PyramidRow,
    RealPhoto,
    SplitRow,
    Verdict,
)
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import RainragSplit, RainType
from unirain_core.distill.composition import CompositionRow, as_csv, composition
from unirain_core.distill.pyramid import REAL, with_levels
from unirain_core.distill.split import PLACES, SETS, scenes_for_testing, shared_scenes, split_pairs
from unirain_core.errors import EmptyTypeError, GateError

READS = (paths.RAW, paths.VERIFIED, paths.VOTES)
WRITES = (paths.SPLIT, paths.report("rainrag_split"))
PARAMS = ("rainrag_split", "rain_types")

ALGORITHM = "3"

FILES = {"train": "train/rainrag", "val": "val", "test": "test", "unfiltered": "unfiltered"}
"""Of the sets, below the folder of splits."""

logger = logging.getLogger(__name__)


def run(root: Path, *, rainrag_split: RainragSplit, rain_types: tuple[RainType, ...]) -> None:
    """Write the pyramid, the four splits and the composition.

    Raises:
        EmptyTypeError: a rain type of params has no accepted pair to train, validate or test on.
        GateError: a pair has no verdict, or two splits share a scene.
    """
    pairs = _judged(root)
    logger.info("rainrag_split: %d pairs", len(pairs))
    pairs = pairs.with_columns(split_pairs(pairs, rainrag_split, list(rain_types)))
    _check(pairs, rain_types)
    pairs = with_levels(pairs).drop("role", "yes", "no", "abstained")
    _write_splits(root / paths.SPLIT, root / paths.VERIFIED / "pairs.parquet", pairs)
    rows = _pyramid(root, pairs)
    with tables.writer(root / paths.SPLIT / "pyramid.parquet", PyramidRow) as table:
        table.columns(rows)
    names = ["pair_id", "dataset", "rain_types", "origin", "role"]
    made_of = composition(tables.columns(root / paths.RAW / "manifest.parquet", ManifestRow, names), pairs)
    write_text(root / paths.SPLIT / "composition.csv", as_csv(made_of))
    report.write(root / paths.report("rainrag_split"), _report(rows, pairs, made_of))
    kept, trained = pairs["accepted"].sum(), (pairs["split"] == "train").sum()
    logger.info("rainrag_split: %d pairs kept, %d of them train", kept, trained)


def _judged(root: Path) -> pl.DataFrame:
    """All pairs that were judged: `at`, their place in the table of verified pairs, and the columns that a split needs."""
    dropped = tables.columns(root / paths.VOTES / "dropped.parquet", Dropped, ["pair_id"])
    names = ["pair_id", "rain_type", "scene_id", "role"]
    pairs = tables.columns(root / paths.VERIFIED / "pairs.parquet", Pair, names).with_row_index("at")
    pairs = pairs.join(dropped, on="pair_id", how="anti", maintain_order="left")
    names = ["pair_id", "yes", "no", "abstained", "verdict"]
    verdicts = tables.columns(root / paths.VOTES / "verdicts.parquet", Verdict, names)
    judged = pairs.join(verdicts, on="pair_id", how="left", maintain_order="left")
    missing = judged.filter(pl.col("verdict").is_null())["pair_id"]
    if len(missing):
        raise GateError(
            f"{len(missing)} verified pairs have no verdict, the first is {missing[0]}: run `dvc repro vlm_votes`"
        )
    return judged.rename({"verdict": "accepted"})


def _check(pairs: pl.DataFrame, rain_types: Sequence[RainType]) -> None:
    """The conditions under which a split can be trained on and trusted."""
    shared = shared_scenes(pairs)
    if shared:
        scene, names = next(iter(shared.items()))
        raise GateError(
            f"{len(shared)} scenes stand in more than one split, the first is {scene}: {', '.join(names)}"
        )
    for rain_type in rain_types:
        of_type = pairs.filter(pl.col("rain_type") == rain_type)
        filled = set(of_type["split"].unique())
        empty = [name for name in ("train", "val", "test") if name not in filled]
        if empty:
            raise EmptyTypeError(
                _emptiness(rain_type, of_type, empty, scenes_for_testing(pairs)), [rain_type]
            )


def _emptiness(rain_type: str, of_type: pl.DataFrame, empty: Sequence[str], tested: pl.Series) -> str:
    good = of_type.filter("accepted")
    scenes = good["scene_id"].unique()
    n_tested = scenes.is_in(tested.implode()).sum()
    closed = (
        f", {n_tested} of which hold test pictures of a dataset and serve testing alone" if n_tested else ""
    )
    return (
        f"rain type '{rain_type}' has no accepted pair for {' and '.join(empty)}: of its {len(of_type)} "
        f"verified pairs {len(good)} were accepted, from {len(scenes)} scenes{closed}, and no two splits "
        f"share a scene; add data, or draw less in rainrag_split, or take '{rain_type}' out of rain_types"
    )


def _write_splits(folder: Path, verified: Path, pairs: pl.DataFrame) -> None:
    """Write the four sets in the order of the verified pairs, whose paths and hashes are never held all at once."""
    places = pairs.select("at", "split")
    start = 0
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(tables.writer(folder / f"{file}.parquet", SplitRow))
            for name, file in FILES.items()
        }
        for piece in tables.batches(verified, Pair, SplitRow.__slots__):
            rows = pl.DataFrame(piece).with_row_index("at", offset=start)
            stop = start + len(rows)
            placed = rows.join(
                places.filter(pl.col("at").is_between(start, stop - 1)), on="at", maintain_order="left"
            )
            for name, file in files.items():
                file.columns(placed.filter(pl.col("split") == name))
            start = stop


def _pyramid(root: Path, pairs: pl.DataFrame) -> pl.DataFrame:
    """One row per pair and photo, by id."""
    dropped = tables.columns(root / paths.VOTES / "dropped.parquet", Dropped, ["pair_id"])
    photos = tables.columns(root / paths.VERIFIED / "real.parquet", RealPhoto, ["photo_id"])
    photos = photos.rename({"photo_id": "pair_id"}).join(dropped, on="pair_id", how="anti")
    top = photos.with_columns(
        pl.lit(REAL).alias("level"),
        pl.lit("real_photo").alias("reason"),
        pl.lit("none").cast(pl.Enum(PLACES)).alias("split"),
    )
    return pl.concat([top, pairs.select(top.columns)]).sort("pair_id")


def _report(rows: pl.DataFrame, pairs: pl.DataFrame, made_of: Sequence[CompositionRow]) -> Report:
    sets = {name: pairs.filter(pl.col("split") == name) for name in SETS}
    places = _counted(pairs["split"])
    return Report(
        stage="rainrag_split",
        counts={name: places.get(name, 0) for name in (*SETS, "held_out", "thinned")},
        figures={
            "levels": _counted(rows["level"]),
            "verdicts": _counted(rows["reason"]),
            "by_type": {name: _counted(members["rain_type"]) for name, members in sets.items()},
            "scenes": {name: members["scene_id"].n_unique() for name, members in sets.items()},
            "composition": [asdict(row) for row in made_of],
        },
    )


def _counted(values: pl.Series) -> dict[str, int]:
    counts = values.cast(pl.String).value_counts(name="n")
    return dict(counts.sort(values.name).iter_rows())
