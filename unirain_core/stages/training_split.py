"""Stage training_split: one further set to train on, out of the pairs whose scene is not held out."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import assert_never, cast

import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import Pair, SplitRow, Verdict
from unirain_core.config.models import JudgeModel
from unirain_core.config.sections import RainType, VlmVotes
from unirain_core.config.splits import (
    Distilled,
    Mixed,
    MixedFull,
    NoGeneration,
    NoRetrieval,
    OnlyVlm,
    RainragOfficial,
    TrainingSplit,
)
from unirain_core.distill import training_splits as choice
from unirain_core.distill.published import published
from unirain_core.engine.store import WorkStore
from unirain_core.errors import EmptyTypeError

STAGE = "training_split"
READS = (
    paths.PROMPT,
    paths.RAW,
    paths.VERIFIED,
    paths.DATABASE,
    paths.TRIPLETS,
    paths.REFERENCES,
    paths.PYRAMID,
)
WRITES = (paths.TRAINING_SPLIT, paths.report(STAGE, partitioned=True))
PARAMS = ("training_splits", "rain_types", "judge_models", "vlm_votes")
ALGORITHM = "1"

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    training_splits: Mapping[str, TrainingSplit],
    rain_types: tuple[RainType, ...],
    judge_models: Mapping[str, JudgeModel],
    vlm_votes: VlmVotes,
    partition: str,
) -> None:
    """Write one split, and a report of its composition.

    Raises:
        EmptyTypeError: the split has no pair of a rain type.
    """
    section = training_splits[partition]
    notes: list[str] = []
    pairs = choice.verified(root, getattr(section, "seed", 0))
    sizes = choice.distilled_sizes(pairs, rain_types)
    if isinstance(section, RainragOfficial):
        rows, n_candidates = _official(root, pairs, section, rain_types)
    else:
        open_pairs = choice.candidates(pairs, rain_types, section.sources)
        n_candidates = len(open_pairs)
        if isinstance(section, OnlyVlm | NoRetrieval):
            verdicts, notes = _heard(root, section, partition, judge_models, vlm_votes)
            chosen = choice.thinned(
                open_pairs.join(verdicts, on="pair_id", how="semi", maintain_order="left"), sizes
            )
        else:
            chosen = _chosen(root, section, open_pairs, sizes)
        rows = _split_rows(root, chosen["pair_id"])
    _demand_every_type(partition, rows, rain_types)
    with tables.writer(root / paths.TRAINING_SPLIT.format(partition=partition), SplitRow) as table:
        table.columns(rows)
    made = _report(section, rows, sizes, n_candidates, notes)
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


def _heard(
    root: Path,
    section: OnlyVlm | NoRetrieval,
    partition: str,
    judge_models: Mapping[str, JudgeModel],
    params: VlmVotes,
) -> tuple[pl.DataFrame, list[str]]:
    """Pairs that the judges accept without references, or beside blind ones; and the notes on these votes.

    The answers stay in the work store, as in stage vlm_votes. The tables of votes and their report are removed.
    """
    from unirain_core.stages import vlm_votes  # loads the judges, which most splits do not need
    from unirain_core.stages.vote_questions import Hearing, alone_jobs, vote_jobs

    folder = WorkStore.at(root, STAGE, partition).partial / "hearing"
    hearing = Hearing(stage=STAGE, partition=partition, out=str(folder), report=str(folder / "report.json"))
    if isinstance(section, OnlyVlm):
        jobs = alone_jobs(root, params.judges, judge_models, vlm_votes.ALGORITHM)
        hearing = replace(hearing, is_alone=True)
    else:
        jobs = vote_jobs(root, params.judges, judge_models, vlm_votes.ALGORITHM)
        hearing = replace(hearing, blind_seed=section.seed)
    vlm_votes.decide(root, jobs, params, hearing)
    verdicts = tables.columns(folder / "verdicts.parquet", Verdict, ["pair_id", "verdict"])
    # such as stand-ins among the judges, or questions that could not be asked
    notes = cast("list[str]", report.read(folder / "report.json")["notes"])
    shutil.rmtree(folder)
    return verdicts.filter("verdict").select("pair_id"), notes


def _official(
    root: Path, pairs: pl.DataFrame, section: RainragOfficial, rain_types: Sequence[str]
) -> tuple[pl.DataFrame, int]:
    """The pairs that the authors train on without those of held-out scenes, and the number of pairs with these."""
    rows = published(root, section.sources, ["train"]).filter(pl.col("rain_type").is_in(rain_types))
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


def _report(
    section: TrainingSplit,
    rows: pl.DataFrame,
    sizes: choice.Sizes,
    n_candidates: int,
    notes_on_votes: Sequence[str],
) -> Report:
    taken = dict(rows["rain_type"].value_counts().iter_rows())
    notes = [*notes_on_votes]
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
