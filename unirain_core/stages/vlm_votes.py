"""Stage: the votes of the three judges on every pair, and the verdicts."""

import logging
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.schemas import Dropped, Vote
from unirain_core.config.models import JudgeModel
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill import calibration, flips, rainy, voting
from unirain_core.distill.ballots import Answer, Ballot, VoteJob, answers_of, failures
from unirain_core.distill.costs import Cost
from unirain_core.distill.judging import HALF, MIN_MASS, with_votes
from unirain_core.distill.poll import Poll
from unirain_core.distill.voting import Flags
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.errors import GateError
from unirain_core.stages import forecast
from unirain_core.stages.plain_answers import with_plain_answers
from unirain_core.stages.vote_questions import OF_THE_PAPER, Hearing, groups_and_drawn, questions, vote_jobs
from unirain_core.stages.vote_tables import AnswerReader, votes_on_pairs, write_votes
from unirain_core.stages.votes_report import votes_report

logger = logging.getLogger(__name__)

STAGE = "vlm_votes"
READS = (paths.PROMPT, paths.LABELS, paths.VERIFIED, paths.DATABASE, paths.TRIPLETS, paths.REFERENCES)
WRITES = (paths.VOTES, paths.report(STAGE))
PARAMS = ("judge_models", "vlm_votes")
ALGORITHM = "4"  # of an answer; votes and verdicts are formed anew in each run


def run(root: Path, *, judge_models: Mapping[str, JudgeModel], vlm_votes: VlmVotes) -> None:
    """Ask every judge about every pair; one vote for each, one verdict for each pair.

    The judges are asked one after the other, since two models may not fit on one device. Their answers are kept in files, so that
    memory holds only a few of them.

    Raises:
        GateError: thresholds shall follow the real-rain database, and it is too small for that.
    """
    decide(root, vote_jobs(root, vlm_votes.judges, judge_models, ALGORITHM), vlm_votes)


def decide(root: Path, jobs: Sequence[VoteJob], params: VlmVotes, hearing: Hearing = OF_THE_PAPER) -> None:
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
    groups, is_drawn = groups_and_drawn(root, dropped, params)
    poll = Poll(len(jobs), is_drawn, early_stop=params.early_stop)
    costs: dict[str, Cost | None] = {name: job.cost for name, job in zip(params.judges, jobs, strict=True)}
    is_turned = params.flips_abstain and not hearing.is_alone  # without references there is no order
    n_ways = 2 if is_turned else 1  # about pairs; about photos every judge is asked once
    forecast.tell(hearing.stage, costs, n_photos + n_ways * len(is_drawn), together=False)
    asked: list[_Asked] = []
    with _folder(out / ".answers") as folder:
        for number, job in enumerate(jobs):
            is_open = poll.is_open()
            ballots = questions(root, dropped, photos, is_open, hearing, n_photos=n_photos)
            answers = _ask(job, ballots, n_photos, int(is_open.sum()), store, folder / str(number))
            # the answers on photos set it, so it is there before any answer on a pair becomes a vote
            threshold = _threshold(params.judges[number], answers.on_photos, params)
            if is_turned:
                turned = flips.turned(questions(root, dropped, photos, is_open, hearing))
                of_turned = _ask(job, turned, 0, int(is_open.sum()), store, folder / f"{number}-turned")
                answers = _stable(answers, of_turned, threshold, folder / f"{number}-stable.parquet")
            asked.append(_Asked(answers, is_open, threshold))
            poll.votes[is_open, number] = _numbers(answers.on_pairs, params.judges[number], threshold)
        _write(out, params.judges, asked, n_photos)
    failed = sum((one.answers.failed for one in asked), Counter[str]())
    unstable = sum(one.answers.unstable for one in asked) if is_turned else None
    thresholds = _thresholds(params.judges, asked)
    summary = votes_report(hearing.step, poll.votes, groups, is_drawn, failed, thresholds, costs, unstable)
    summary = with_plain_answers(summary, out / "votes.parquet")
    report.write(root / hearing.report, summary)
    logger.info("%s: %d of %d pairs kept", hearing.stage, summary.counts["kept"], len(poll.votes))


def _thresholds(judges: Sequence[str], asked: Sequence["_Asked"]) -> dict[str, float]:
    return {judge: one.threshold for judge, one in zip(judges, asked, strict=True)}


def _write(out: Path, judges: Sequence[str], asked: Sequence["_Asked"], n_photos: int) -> None:
    """Write the tables of votes on photos and pairs, and of verdicts."""
    thresholds = _thresholds(judges, asked)
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
            f"vlm_votes.accept_share: no threshold can follow a real-rain database of {'one' if n_photos else 'no'} photo; "
            "add photos (`layout: photos`), or remove accept_share"
        )
    return n_photos


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """An empty folder, which is removed afterwards. After a kill, DVC removes it with the stage's other outs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True, slots=True)
class _Answers:
    """One judge's answers, in the order of the questions."""

    on_photos: Path
    on_pairs: Path
    failed: Counter[str]
    """Why questions could not be asked."""
    unstable: int = 0
    """Votes that flipped with the order of the references, and are abstentions."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The answers of one judge, and the threshold of its votes."""

    answers: _Answers
    is_open: Flags
    """(n,) about which pairs it was asked."""
    threshold: float
    """The least p_yes of a yes."""


def _ask(
    job: VoteJob, asked: Iterable[list[Ballot]], n_photos: int, n_pairs: int, store: WorkStore, folder: Path
) -> _Answers:
    """Put all questions to one judge; the first `n_photos` are about photos, the others about pairs."""
    answers = _Answers(folder / "photos.parquet", folder / "pairs.parquet", Counter())
    left = n_photos
    with (
        tables.writer(answers.on_photos, Answer) as on_photos,
        tables.writer(answers.on_pairs, Answer) as on_pairs,
    ):
        for window in stream(job, asked, store, total=n_photos + n_pairs):
            rows = answers_of(window, job)
            on_photos.columns(rows[:left])
            on_pairs.columns(rows[left:])
            left = max(0, left - len(rows))
            answers.failed.update(failure.reason for failure in window.failures.values())
    return answers


def _stable(answers: _Answers, of_turned: _Answers, threshold: float, file: Path) -> _Answers:
    """The answers, with an abstention in place of each vote that flips with the order of the references."""
    reader = AnswerReader(of_turned.on_pairs)
    failed, unstable = answers.failed.copy(), 0
    with tables.writer(file, Answer) as table:
        for piece in tables.batches(answers.on_pairs, Answer):
            own = pl.DataFrame(piece)
            stable = flips.with_abstentions(own, reader.take(len(own)), threshold)
            unstable += flips.n_unstable(stable)
            # a pair whose two questions failed is one abstention, and was counted already
            failed += failures(stable) - failures(own)
            table.columns(stable)
    return _Answers(answers.on_photos, file, failed, unstable)


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
