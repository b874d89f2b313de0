"""The judges and the questions of stage vlm_votes, of the audit of the judges, and of training splits that ask anew."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from unirain_core.distill.ballots import (
    RANKED,
    Ballot,
    VoteJob,
    alone_ballots,
    ballots,
    blind_ballots,
    vote_job,
)
from unirain_core.distill.poll import asked_of_all
from unirain_core.distill.rainy import Rainy
from unirain_core.distill.roles import IS_JUDGED
from unirain_core.distill.voting import Flags
from unirain_core.errors import ConfigError
from unirain_core.stages.judges import JudgeChoice, make_judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """One occasion on which judges are asked: the stage, the references that are shown, and the place of the votes."""

    stage: str = "vlm_votes"
    partition: str | None = None
    out: str = paths.VOTES
    report: str = paths.report("vlm_votes")
    is_alone: bool = False
    """Whether judges are shown no references. Then pairs without a triplet are asked about as well."""
    blind_seed: int | None = None
    """Seed of references that are drawn blindly, as many as S(q) has; None: S(q) is shown."""

    @property
    def step(self) -> str:
        """The stage as `dvc repro` names it."""
        return self.stage if self.partition is None else f"{self.stage}@{self.partition}"


OF_THE_PAPER = Hearing()
"""Stage vlm_votes: S(q) is shown."""


def vote_jobs(
    root: Path, judges: Sequence[JudgeName], judge_models: Mapping[str, JudgeModel], algorithm: str
) -> list[VoteJob]:
    """The work of each judge, in their order; a question shows as many references as S(q) has.

    Raises:
        WeightsUnavailableError: a judge's weights are not on this machine.
    """
    n_references = most_references(root) if judge_models else 0
    jobs: list[VoteJob] = []
    for name in judges:
        jobs.append(_job(root, name, judge_models.get(name), n_references, algorithm))
    return jobs


def alone_jobs(
    root: Path, judges: Sequence[JudgeName], judge_models: Mapping[str, JudgeModel], algorithm: str
) -> list[VoteJob]:
    """The work of judges that are shown no references (`only_vlm` of Table 4), for a hearing that `is_alone`.

    Raises:
        ConfigError: a judge is a stand-in, which measures the distance to references and nothing else.
    """
    jobs: list[VoteJob] = []
    for name in judges:
        if name not in judge_models:
            raise ConfigError(
                f"vlm_votes.judges: '{name}' compares a picture with references, so it cannot be asked without any; "
                "name judges of judge_models, or leave out only_vlm"
            )
        jobs.append(_job(root, name, judge_models[name], 0, algorithm))
    return jobs


def _job(root: Path, name: JudgeName, model: JudgeModel | None, n_references: int, algorithm: str) -> VoteJob:
    choice = JudgeChoice(name, None, None)
    if model is not None:
        choice = JudgeChoice(name, model, load_prompt(root / paths.PROMPT), n_references)
    return vote_job(name, partial(make_judge, choice), Roots.load(root), algorithm)


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
    hearing: Hearing = OF_THE_PAPER,
    *,
    n_photos: int = 0,
) -> Iterator[list[Ballot]]:
    """The ballots of a judge: first those of `n_photos` photos, which are all or none, then those of the open pairs.

    Args:
        root: of the project.
        dropped: pairs and photos that cannot be asked about.
        photos: pictures of D_r by photo_id.
        is_open: (n,) about which of the other pairs the judge is asked.
        hearing: which references are shown.
        n_photos: number of all photos; 0: the judge is not asked about photos.
    """
    if n_photos:
        yield from _shown(root, rainy.photos(root, dropped), "photos.parquet", photos, hearing)
    start = 0
    for batch in _shown(root, rainy.pairs(root, dropped), "references.parquet", photos, hearing):
        yield list(compress(batch, is_open[start : start + len(batch)]))
        start += len(batch)


def _shown(
    root: Path, rows: Iterator[list[Rainy]], file: str, photos: Mapping[str, Picture], hearing: Hearing
) -> Iterator[list[Ballot]]:
    """Questions about rows, with the references that the hearing shows."""
    if hearing.is_alone:
        return alone_ballots(rows)
    if hearing.blind_seed is not None:
        return blind_ballots(rows, photos, count=most_references(root), seed=hearing.blind_seed)
    return ballots(rows, photos, tables.batches(root / paths.REFERENCES / file, Reference, RANKED))


def groups_and_drawn(root: Path, dropped: set[str], params: VlmVotes) -> tuple[pl.DataFrame, Flags]:
    """Rain type and dataset of every pair that can be asked about, and whether every judge is asked about it."""
    # without early stop every judge is asked about every pair
    share = params.ask_all_share if params.early_stop else 1.0
    labels = {label.pair_id for label in labelled.of_people(root)}
    names = ("rain_type", "dataset")
    groups = [pl.DataFrame(schema=dict.fromkeys(names, pl.Categorical))]
    drawn = [np.empty(0, dtype=np.bool_)]
    without = pl.Series(sorted(dropped), dtype=pl.String).implode()
    for piece in tables.batches(root / rainy.PAIRS, Pair, ["pair_id", "role", *names]):
        pairs = pl.DataFrame(piece).filter(IS_JUDGED, ~pl.col("pair_id").is_in(without))
        groups.append(pairs.select(pl.col(names).cast(pl.Categorical)))
        drawn.append(asked_of_all(pairs["pair_id"].to_list(), share, labels))
    return pl.concat(groups), np.concatenate(drawn)
