"""Stage: the votes of the three judges on every pair, and the verdicts."""

import logging
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Pair, Reference, Vote
from unirain_core.config.load import load_prompt
from unirain_core.config.models import JudgeModel
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill import calibration, rainy, voting
from unirain_core.distill.ballots import (
    RANKED,
    Answer,
    Ballot,
    VoteJob,
    alone_ballots,
    answers_of,
    ballots,
    blind_ballots,
    vote_job,
)
from unirain_core.distill.judging import HALF, MIN_MASS, with_votes
from unirain_core.distill.poll import Poll, drawn_for_all
from unirain_core.distill.voting import Flags
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, GateError
from unirain_core.stages.judges import JudgeChoice, make_judge
from unirain_core.stages.vote_tables import votes_on_pairs, write_votes
from unirain_core.stages.votes_report import votes_report

logger = logging.getLogger(__name__)

STAGE = "vlm_votes"
READS = (paths.PROMPT, paths.VERIFIED, paths.DATABASE, paths.TRIPLETS, paths.REFERENCES)
WRITES = (paths.VOTES, paths.report(STAGE))
PARAMS = ("judge_models", "vlm_votes")
ALGORITHM = "4"


def run(root: Path, *, judge_models: Mapping[str, JudgeModel], vlm_votes: VlmVotes) -> None:
    """Ask every judge about every pair; one vote for each, one verdict for each pair.

    The judges are asked after each other, since two models may not fit on one device. Their answers wait in files: memory holds
    a few of them.

    Raises:
        GateError: thresholds shall follow the real-rain database, and it is too small for that.
    """
    decide(root, jobs_with_references(root, judge_models, vlm_votes.judges), vlm_votes)


def jobs_with_references(
    root: Path, judge_models: Mapping[str, JudgeModel], judges: Sequence[JudgeName]
) -> list[VoteJob]:
    """The work of judges that are shown references, as many as S(q) has."""
    n_references = _most_references(root) if judge_models else 0
    jobs: list[VoteJob] = []
    for name in judges:
        jobs.append(_job(root, name, judge_models.get(name), n_references))
    return jobs


def alone_jobs(
    root: Path, judge_models: Mapping[str, JudgeModel], judges: Sequence[JudgeName]
) -> list[VoteJob]:
    """The work of judges that are shown no references (`only_vlm` of Table 4); `decide` takes them with `Hearing.is_alone`.

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
        jobs.append(_job(root, name, judge_models[name], n_references=0))
    return jobs


def _job(root: Path, name: JudgeName, model: JudgeModel | None, n_references: int) -> VoteJob:
    choice = JudgeChoice(name, None, None)
    if model is not None:
        choice = JudgeChoice(name, model, load_prompt(root / paths.PROMPT), n_references)
    return vote_job(name, partial(make_judge, choice), Roots.load(root), ALGORITHM)


def _most_references(root: Path) -> int:
    """The most references that a question shows."""
    most = 0
    for piece in tables.batches(root / paths.REFERENCES / "references.parquet", Reference, ["rank"]):
        most = max(most, 1 + int(piece.column("rank").to_numpy().max(initial=-1)))
    return most


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What the judges are asked for, and where their votes go."""

    stage: str = STAGE
    partition: str | None = None
    out: str = paths.VOTES
    report: str = WRITES[1]
    is_alone: bool = False
    """Whether they are shown no references; a pair without a triplet is then asked about too."""
    blind_seed: int | None = None
    """Draws as many references as S(q) has, blindly; None: S(q) is shown."""


def decide(root: Path, jobs: Sequence[VoteJob], params: VlmVotes, hearing: Hearing = Hearing()) -> None:
    """Put all questions to the judges, and write their votes and verdicts.

    Args:
        root: of the project.
        jobs: one for each judge of params, in their order.
        params: judges, and how their thresholds come about.
        hearing: whose stage it is, and whether references are shown.

    Raises:
        GateError: as `run`.
    """
    out, store = root / hearing.out, WorkStore.at(root, hearing.stage, hearing.partition)
    dropped = _dropped(
        root, out / "dropped.parquet", () if hearing.is_alone else (paths.TRIPLETS, paths.DATABASE)
    )
    photos = {row.id: row.picture for batch in rainy.photos(root, dropped) for row in batch}
    n_photos = 0 if params.accept_share is None else _demand_two(len(photos))
    groups, is_drawn = _groups(root, dropped, params.ask_all_share)
    poll = Poll(len(jobs), is_drawn, early_stop=params.early_stop)
    asked: list[_Asked] = []
    with _folder(out / ".answers") as folder:
        for number, job in enumerate(jobs):
            is_open = poll.is_open()
            drawn = _drawn(root, dropped, photos, hearing, about_photos=n_photos > 0)
            about = _open_ones(drawn, n_photos, is_open)
            answers = _ask(job, about, n_photos, store, folder / str(number))
            threshold = _threshold(params.judges[number], answers.on_photos, params)
            asked.append(_Asked(answers, is_open, threshold))
            poll.votes[is_open, number] = _numbers(answers.on_pairs, params.judges[number], threshold)
        _write(out, params.judges, asked, n_photos)
    failed = sum((one.answers.failed for one in asked), Counter[str]())
    thresholds: dict[str, float] = {
        judge: one.threshold for judge, one in zip(params.judges, asked, strict=True)
    }
    summary = votes_report(hearing.stage, poll.votes, groups, failed, thresholds)
    report.write(root / hearing.report, summary)
    logger.info("%s: %d of %d pairs kept", hearing.stage, summary.counts["kept"], len(poll.votes))


def _write(out: Path, judges: Sequence[str], asked: Sequence["_Asked"], n_photos: int) -> None:
    """Write the tables of votes on photos and pairs, and of verdicts."""
    thresholds = {judge: one.threshold for judge, one in zip(judges, asked, strict=True)}
    every_photo = [np.ones(n_photos, dtype=np.bool_)] * len(asked)
    with tables.writer(out / "photos.parquet", Vote) as table:
        for piece in votes_on_pairs([one.answers.on_photos for one in asked], every_photo, thresholds):
            table.columns(piece.drop("pair", "number"))
    write_votes(out, [one.answers.on_pairs for one in asked], [one.is_open for one in asked], thresholds)


def _dropped(root: Path, out: Path, folders: Sequence[str]) -> set[str]:
    """Verified pairs and photos without a triplet: they have no references, so no judge is asked about them."""
    names: set[str] = set()
    with tables.writer(out, Dropped) as table:
        for folder in folders:
            for piece in tables.batches(root / folder / "dropped.parquet", Dropped):
                table.columns(piece)
                names.update(piece.column("pair_id").to_pylist())
    return names


def _demand_two(n_photos: int) -> int:
    if n_photos < 2:
        raise GateError(
            "vlm_votes.accept_share: no threshold can follow a real-rain database of one photo; "
            "add photos (`layout: photos`), or remove accept_share"
        )
    return n_photos


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards; DVC removes what a kill leaves of it with the stage's other outs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _drawn(
    root: Path, dropped: set[str], photos: Mapping[str, Picture], hearing: Hearing, *, about_photos: bool
) -> Iterator[list[Ballot]]:
    """All ballots: first those about the photos, if there are any, then those about the pairs."""
    folder = root / paths.REFERENCES
    asked = {"photos.parquet": rainy.photos(root, dropped)} if about_photos else {}
    asked["references.parquet"] = rainy.pairs(root, dropped)
    for file, rows in asked.items():
        if hearing.is_alone:
            yield from alone_ballots(rows)
        elif hearing.blind_seed is not None:
            count = _most_references(root)
            yield from blind_ballots(rows, photos, count=count, seed=hearing.blind_seed)
        else:
            yield from ballots(rows, photos, tables.batches(folder / file, Reference, RANKED))


def _open_ones(drawn: Iterable[list[Ballot]], n_photos: int, is_open: Flags) -> Iterator[list[Ballot]]:
    """The ballots about photos, and those about pairs that are open."""
    start = -n_photos
    for batch in drawn:
        asked = [ballot for place, ballot in enumerate(batch, start) if place < 0 or is_open[place]]
        start += len(batch)
        yield asked


@dataclass(frozen=True, slots=True)
class _Answers:
    """One judge's answers, in the order of the questions."""

    on_photos: Path
    on_pairs: Path
    failed: Counter[str]
    """Why questions could not be asked."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a judge was asked, and how its answers count."""

    answers: _Answers
    is_open: Flags
    """About which pairs it was asked."""
    threshold: float


def _ask(
    job: VoteJob, asked: Iterable[list[Ballot]], n_photos: int, store: WorkStore, folder: Path
) -> _Answers:
    """Put all questions to one judge; the first `n_photos` are about photos."""
    answers = _Answers(folder / "photos.parquet", folder / "pairs.parquet", Counter())
    left = n_photos
    with (
        tables.writer(answers.on_photos, Answer) as on_photos,
        tables.writer(answers.on_pairs, Answer) as on_pairs,
    ):
        for window in stream(job, asked, store):
            rows = answers_of(window, job)
            on_photos.columns(rows[:left])
            on_pairs.columns(rows[left:])
            left = max(0, left - len(rows))
            answers.failed.update(failure.reason for failure in window.failures.values())
    return answers


def _threshold(judge: JudgeName, on_photos: Path, params: VlmVotes) -> float:
    if params.accept_share is None:
        return HALF
    answers = tables.columns(on_photos, Answer, ["p_yes", "mass"])
    p_yes = answers.filter(pl.col("mass") >= MIN_MASS)["p_yes"]
    if p_yes.is_empty():
        raise GateError(
            f"vlm_votes.accept_share: {judge} abstained on every photo of the real-rain database; "
            "remove accept_share, and half decides"
        )
    return calibration.threshold(p_yes, params.accept_share)


def _numbers(on_pairs: Path, judge: JudgeName, threshold: float) -> NDArray[np.int8]:
    """One judge's votes on the pairs about which it was asked."""
    parts = [np.empty(0, dtype=np.int8)]
    for piece in tables.batches(on_pairs, Answer, ["judge", "p_yes", "mass"]):
        votes = with_votes(pl.DataFrame(piece), {judge: threshold})["vote"]
        parts.append(votes.cast(pl.Int8).fill_null(voting.ABSTAINED).to_numpy())
    return np.concatenate(parts)


def _groups(root: Path, dropped: set[str], share: float) -> tuple[pl.DataFrame, Flags]:
    """Rain type and dataset of every pair that can be asked about, and whether every judge is asked about it."""
    names = ("rain_type", "dataset")
    groups = [pl.DataFrame(schema=dict.fromkeys(names, pl.Categorical))]
    drawn = [np.empty(0, dtype=np.bool_)]
    without = pl.Series(sorted(dropped), dtype=pl.String).implode()
    for piece in tables.batches(root / rainy.PAIRS, Pair, ["pair_id", *names]):
        pairs = pl.DataFrame(piece).filter(~pl.col("pair_id").is_in(without))
        groups.append(pairs.select(pl.col(names).cast(pl.Categorical)))
        drawn.append(drawn_for_all(pairs["pair_id"], share))
    return pl.concat(groups), np.concatenate(drawn)
