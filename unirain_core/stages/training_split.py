"""Stage training_split: one further set to train on, out of the pairs that no held-out set touches."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_never

import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import Pair, SplitRow
from unirain_core.config.sections import RainType
from unirain_core.config.splits import (
    Distilled,
    Mixed,
    MixedFull,
    NoGeneration,
    RainragOfficial,
    TrainingSplit,
)
from unirain_core.distill import training_splits as choice
from unirain_core.distill.published import published
from unirain_core.errors import EmptyTypeError

STAGE = "training_split"
READS = (paths.RAW, paths.VERIFIED, paths.REFERENCES, paths.PYRAMID)
WRITES = (paths.TRAINING_SPLIT, paths.report(STAGE, partitioned=True))
PARAMS = ("training_splits", "rain_types")
ALGORITHM = "1"

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    training_splits: Mapping[str, TrainingSplit],
    rain_types: tuple[RainType, ...],
    partition: str,
) -> None:
    """Write one split and what it is made of.

    Raises:
        EmptyTypeError: the split has no pair of a rain type.
    """
    section = training_splits[partition]
    pairs = choice.verified(root, getattr(section, "seed", 0))
    sizes = choice.distilled_sizes(pairs, rain_types)
    if isinstance(section, RainragOfficial):
        rows, n_candidates = _official(root, pairs, section, rain_types)
    else:
        open_pairs = choice.candidates(pairs, rain_types, section.sources)
        n_candidates = len(open_pairs)
        rows = _split_rows(root, _chosen(root, section, open_pairs, sizes)["pair_id"])
    _demand_every_type(partition, rows, rain_types)
    with tables.writer(root / paths.TRAINING_SPLIT.format(partition=partition), SplitRow) as table:
        table.columns(rows)
    made = _report(section, rows, sizes, n_candidates)
    report.write(root / paths.report(STAGE, partitioned=True).format(partition=partition), made)
    logger.info("%s: %s: %d pairs of %d candidates", STAGE, partition, len(rows), n_candidates)


def _chosen(
    root: Path,
    section: Distilled | Mixed | MixedFull | NoGeneration,
    pairs: pl.DataFrame,
    sizes: choice.Sizes,
) -> pl.DataFrame:
    match section:
        case Distilled():
            return choice.thinned(pairs.filter("accepted"), sizes)
        case Mixed():
            return choice.thinned(pairs, sizes)
        case MixedFull():
            return pairs
        case NoGeneration():
            return choice.nearest(pairs, sizes, choice.mean_scores(root, section.score))
        case _:
            assert_never(section)


def _official(
    root: Path, pairs: pl.DataFrame, section: RainragOfficial, rain_types: Sequence[str]
) -> tuple[pl.DataFrame, int]:
    """The pairs that the authors train on, less those of held-out scenes, and how many they are with these."""
    rows = published(root, section.sources, "train").filter(pl.col("rain_type").is_in(rain_types))
    closed = pairs.filter("is_closed")["scene_id"].unique().implode()
    return rows.filter(~pl.col("scene_id").is_in(closed)), len(rows)


def _split_rows(root: Path, names: pl.Series) -> pl.DataFrame:
    """The rows of some pairs, in the order of the pairs; their paths are read a piece at a time."""
    wanted = names.implode()
    pieces = tables.batches(root / paths.VERIFIED / "pairs.parquet", Pair, SplitRow.__slots__)
    rows = [pl.DataFrame(piece).filter(pl.col("pair_id").is_in(wanted)) for piece in pieces]
    return pl.concat(rows)


def _demand_every_type(partition: str, rows: pl.DataFrame, rain_types: Sequence[RainType]) -> None:
    empty = [rain_type for rain_type in rain_types if rain_type not in rows["rain_type"]]
    if empty:
        names = ", ".join(empty)
        raise EmptyTypeError(
            f"training_splits.{partition} has no pair of {names} to train on, as all else stands in held-out scenes or in "
            f"other sources: name more sources, or take {names} out of rain_types",
            empty,
        )


def _report(section: TrainingSplit, rows: pl.DataFrame, sizes: choice.Sizes, n_candidates: int) -> Report:
    taken = dict(rows["rain_type"].value_counts().iter_rows())
    notes = []
    if not isinstance(section, MixedFull | RainragOfficial):
        for rain_type, size in sizes.items():
            if taken[rain_type] < size:
                notes.append(
                    f"{rain_type}: {taken[rain_type]} pairs, and the distilled set has {size}: there are no more"
                )
    dataset = rows["pair_id"].str.split("/").list.first()
    return Report(
        stage=STAGE,
        counts={"pairs": len(rows), "candidates": n_candidates},
        notes=notes,
        figures={
            "kind": section.kind,
            "by_type": {rain_type: taken[rain_type] for rain_type in sizes},
            "distilled_by_type": dict(sizes),
            "by_source": dict(sorted(dataset.value_counts().iter_rows())),
            "scenes": rows["scene_id"].n_unique(),
        },
    )
