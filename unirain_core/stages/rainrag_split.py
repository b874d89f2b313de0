"""Stage rainrag_split: the pyramid, the splits, and what they are made of."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import ManifestRow, PyramidRow, RealPhoto, SplitRow
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import RainragSplit, RainType
from unirain_core.distill.composition import CompositionRow, as_csv, composition
from unirain_core.distill.judged import benchmark_scenes, beside, judged, not_judged, pieces
from unirain_core.distill.pyramid import REAL, with_levels
from unirain_core.distill.split import PLACES, SETS, scenes_for_testing, shared_scenes, split_pairs
from unirain_core.errors import EmptyTypeError, GateError

READS = (paths.RAW, paths.VERIFIED, paths.VOTES)
WRITES = (
    paths.PYRAMID,
    paths.COMPOSITION,
    paths.UNFILTERED,
    paths.TEST,
    paths.VAL,
    paths.TRAINING_SPLIT.format(partition=paths.DISTILLED),
    paths.report("rainrag_split"),
)
PARAMS = ("rainrag_split", "rain_types")

ALGORITHM = "4"

FILES = {
    "train": paths.TRAINING_SPLIT.format(partition=paths.DISTILLED),
    "val": paths.VAL,
    "test": paths.TEST,
    "unfiltered": paths.UNFILTERED,
}
"""Of the sets."""

logger = logging.getLogger(__name__)


def run(root: Path, *, rainrag_split: RainragSplit, rain_types: tuple[RainType, ...]) -> None:
    """Write the pyramid, the four splits and the composition.

    Raises:
        EmptyTypeError: a rain type of params has no accepted pair to train, validate or test on.
        GateError: a pair has no verdict, or two splits share a scene.
    """
    pairs = judged(root, rainrag_split.seed)
    logger.info("rainrag_split: %d pairs", len(pairs))
    scored = benchmark_scenes(root)
    pairs = pairs.with_columns(split_pairs(pairs, rainrag_split, list(rain_types), scored)).drop("place")
    _check(pairs, rain_types, scored)
    _write_splits(root, pairs["split"])
    levels, verdicts = _write_pyramid(root, pairs)
    made_of = composition(_listed(root, pairs["accepted"]))
    write_text(root / paths.COMPOSITION, as_csv(made_of))
    report.write(root / paths.report("rainrag_split"), _report(pairs, levels, verdicts, made_of))
    kept, trained = pairs["accepted"].sum(), (pairs["split"] == "train").sum()
    logger.info("rainrag_split: %d pairs kept, %d of them train", kept, trained)


def _check(pairs: pl.DataFrame, rain_types: Sequence[RainType], scored: pl.Series) -> None:
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
            tested = scenes_for_testing(pairs, scored)
            raise EmptyTypeError(_emptiness(rain_type, of_type, empty, tested), [rain_type])


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


def _write_splits(root: Path, places: pl.Series) -> None:
    """Write the four sets in the order of the pairs."""
    start = 0
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(tables.writer(root / file, SplitRow)) for name, file in FILES.items()
        }
        for rows in pieces(root, SplitRow.__slots__):
            place = places[start : start + len(rows)]
            for name, file in files.items():
                file.columns(rows.filter(place == name))
            start += len(rows)


def _write_pyramid(root: Path, pairs: pl.DataFrame) -> tuple[Counter[str], Counter[str]]:
    """Write one row per pair and photo, by id; returns how many stand on each level, and why."""
    levels, reasons = Counter[str](), Counter[str]()
    with tables.writer(root / paths.PYRAMID, PyramidRow) as table:
        for below, top in beside(_judged_rows(root, pairs), _photo_rows(root), _PYRAMID):
            rows = pl.concat([below, top]).sort("pair_id")
            levels.update(_counted(rows["level"]))
            reasons.update(_counted(rows["reason"]))
            table.columns(rows)
    return levels, reasons


_PYRAMID = pl.Schema(
    {"pair_id": pl.String(), "level": pl.String(), "reason": pl.String(), "split": pl.Enum(PLACES)}
)


def _judged_rows(root: Path, pairs: pl.DataFrame) -> Iterator[pl.DataFrame]:
    start = 0
    for names in pieces(root, ["pair_id"]):
        rows = names.hstack(pairs[start : start + len(names)])
        yield with_levels(rows).select(_PYRAMID.keys())
        start += len(names)


def _photo_rows(root: Path) -> Iterator[pl.DataFrame]:
    without = not_judged(root).implode()
    for photos in tables.batches(root / paths.VERIFIED / "real.parquet", RealPhoto, ["photo_id"]):
        names = pl.DataFrame(photos).rename({"photo_id": "pair_id"}).filter(~pl.col("pair_id").is_in(without))
        yield names.with_columns(
            pl.lit(REAL).alias("level"),
            pl.lit("real_photo").alias("reason"),
            pl.lit("none").cast(pl.Enum(PLACES)).alias("split"),
        )


def _listed(root: Path, accepted: pl.Series) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The manifest in pieces, each beside its judged pairs."""
    names = ["pair_id", "dataset", "rain_types", "origin", "role"]
    listed = map(pl.DataFrame, tables.batches(root / paths.RAW / "manifest.parquet", ManifestRow, names))
    schema = pl.Schema({"pair_id": pl.String, "rain_type": pl.String, "accepted": pl.Boolean})
    return beside(listed, _accepted(root, accepted), schema)


def _accepted(root: Path, accepted: pl.Series) -> Iterator[pl.DataFrame]:
    start = 0
    for names in pieces(root, ["pair_id", "rain_type"]):
        yield names.with_columns(accepted[start : start + len(names)].alias("accepted"))
        start += len(names)


def _report(
    pairs: pl.DataFrame, levels: Counter[str], verdicts: Counter[str], made_of: Sequence[CompositionRow]
) -> Report:
    members = {name: pairs.select("rain_type", "scene_id").filter(pairs["split"] == name) for name in SETS}
    places = _counted(pairs["split"])
    return Report(
        stage="rainrag_split",
        counts={name: places.get(name, 0) for name in (*SETS, "held_out", "thinned")},
        figures={
            "levels": dict(sorted(levels.items())),
            "verdicts": dict(sorted(verdicts.items())),
            "by_type": {name: _counted(of_set["rain_type"]) for name, of_set in members.items()},
            "scenes": {name: of_set["scene_id"].n_unique() for name, of_set in members.items()},
            "composition": [asdict(row) for row in made_of],
        },
    )


def _counted(values: pl.Series) -> dict[str, int]:
    return dict(sorted(values.value_counts(name="n").iter_rows()))
