"""What stage vlm_votes and the audit of the judges ask, and whom."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import compress
from pathlib import Path

import numpy as np
import polars as pl

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Pair, Reference
from unirain_core.config.load import load_prompt
from unirain_core.config.models import JudgeModel
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill import labelled, rainy
from unirain_core.distill.ballots import RANKED, Ballot, VoteJob, ballots, vote_job
from unirain_core.distill.poll import asked_of_all
from unirain_core.distill.voting import Flags
from unirain_core.stages.judges import JudgeChoice, make_judge


def vote_jobs(
    root: Path, judges: Sequence[JudgeName], judge_models: Mapping[str, JudgeModel], algorithm: str
) -> list[VoteJob]:
    """The work of each judge, in their order.

    Raises:
        WeightsUnavailableError: a judge's weights are not on this machine.
    """
    roots, jobs = Roots.load(root), list[VoteJob]()
    for name in judges:
        choice = JudgeChoice(name, None, None)
        if name in judge_models:
            prompt = load_prompt(root / paths.PROMPT)
            choice = JudgeChoice(name, judge_models[name], prompt, most_references(root))
        jobs.append(vote_job(name, partial(make_judge, choice), roots, algorithm))
    return jobs


def most_references(root: Path) -> int:
    """The most references that a question shows."""
    most = 0
    for piece in tables.batches(root / paths.REFERENCES / "references.parquet", Reference, ["rank"]):
        most = max(most, 1 + int(piece.column("rank").to_numpy().max(initial=-1)))
    return most


def questions(
    root: Path,
    dropped: set[str],
    photos: Mapping[str, Picture],
    is_open: Flags,
    *,
    about_photos: bool = False,
) -> Iterator[list[Ballot]]:
    """What a judge is asked: first about the photos, if at all, then about the pairs that are open."""
    folder = root / paths.REFERENCES
    if about_photos:
        references = tables.batches(folder / "photos.parquet", Reference, RANKED)
        yield from ballots(rainy.photos(root, dropped), photos, references)
    references = tables.batches(folder / "references.parquet", Reference, RANKED)
    start = 0
    for batch in ballots(rainy.pairs(root, dropped), photos, references):
        yield list(compress(batch, is_open[start : start + len(batch)]))
        start += len(batch)


def groups_and_drawn(root: Path, dropped: set[str], params: VlmVotes) -> tuple[pl.DataFrame, Flags]:
    """Rain type and dataset of every pair that can be asked about, and whether every judge is asked about it."""
    # without early stop every judge is asked about every pair
    share = params.ask_all_share if params.early_stop else 1.0
    labels = {label.pair_id for label in labelled.of_people(root)}
    names = ("rain_type", "dataset")
    groups = [pl.DataFrame(schema=dict.fromkeys(names, pl.Categorical))]
    drawn = [np.empty(0, dtype=np.bool_)]
    without = pl.Series(sorted(dropped), dtype=pl.String).implode()
    for piece in tables.batches(root / rainy.PAIRS, Pair, ["pair_id", *names]):
        pairs = pl.DataFrame(piece).filter(~pl.col("pair_id").is_in(without))
        groups.append(pairs.select(pl.col(names).cast(pl.Categorical)))
        drawn.append(asked_of_all(pairs["pair_id"].to_list(), share, labels))
    return pl.concat(groups), np.concatenate(drawn)
