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

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Pair, Reference, Verdict, Vote
from unirain_core.config.load import load_prompt
from unirain_core.config.models import JudgeModel
from unirain_core.config.sections import VlmVotes
from unirain_core.distill import calibration, rainy, voting
from unirain_core.distill.ballots import RANKED, Answer, Ballot, VoteJob, answers_of, ballots, vote_job
from unirain_core.distill.judging import HALF, MIN_MASS, with_votes
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.errors import GateError
from unirain_core.stages.judges import JudgeChoice, make_judge
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
    roots, jobs = Roots.load(root), list[VoteJob]()
    for name in vlm_votes.judges:
        choice = JudgeChoice(name, None, None)
        if name in judge_models:
            prompt = load_prompt(root / paths.PROMPT)
            choice = JudgeChoice(name, judge_models[name], prompt, _most_references(root))
        jobs.append(vote_job(name, partial(make_judge, choice), roots, ALGORITHM))
    decide(root, jobs, vlm_votes)


def _most_references(root: Path) -> int:
    """The most references that a question shows."""
    most = 0
    for piece in tables.batches(root / paths.REFERENCES / "references.parquet", Reference, ["rank"]):
        most = max(most, 1 + int(piece.column("rank").to_numpy().max(initial=-1)))
    return most


def decide(root: Path, jobs: Sequence[VoteJob], params: VlmVotes) -> None:
    """Put all questions to the judges, and write their votes and verdicts.

    Args:
        root: of the project.
        jobs: one for each judge of params, in their order.
        params: judges, and how their thresholds come about.

    Raises:
        GateError: as `run`.
    """
    out, store = root / paths.VOTES, WorkStore.at(root, STAGE)
    dropped = _dropped(root, out / "dropped.parquet")
    photos = {row.id: row.picture for batch in rainy.photos(root, dropped) for row in batch}
    n_photos = 0 if params.accept_share is None else _demand_two(len(photos))
    with _folder(out / ".answers") as folder:
        answers = []
        for number, job in enumerate(jobs):
            asked = _ballots(root, dropped, photos, about_photos=n_photos > 0)
            answers.append(_ask(job, asked, n_photos, store, folder / str(number)))
        thresholds = _thresholds([a.on_photos for a in answers], params)
        with tables.writer(out / "photos.parquet", Vote) as table:
            for piece in _votes([a.on_photos for a in answers], thresholds):
                table.columns(piece)
        votes = write_votes(out, [a.on_pairs for a in answers], thresholds)
    failed = sum((a.failed for a in answers), Counter[str]())
    summary = votes_report(STAGE, votes, _groups(root, dropped), failed, thresholds)
    report.write(root / WRITES[1], summary)
    logger.info("%s: %d of %d pairs kept", STAGE, summary.counts["kept"], len(votes))


def _dropped(root: Path, out: Path) -> set[str]:
    """Verified pairs and photos without a triplet: they have no references, so no judge is asked about them."""
    names: set[str] = set()
    with tables.writer(out, Dropped) as table:
        for folder in (paths.TRIPLETS, paths.DATABASE):
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


def _ballots(
    root: Path, dropped: set[str], photos: Mapping[str, Picture], *, about_photos: bool
) -> Iterator[list[Ballot]]:
    """What a judge is asked: first about the photos, if at all, then about the pairs."""
    folder = root / paths.REFERENCES
    if about_photos:
        references = tables.batches(folder / "photos.parquet", Reference, RANKED)
        yield from ballots(rainy.photos(root, dropped), photos, references)
    references = tables.batches(folder / "references.parquet", Reference, RANKED)
    yield from ballots(rainy.pairs(root, dropped), photos, references)


@dataclass(frozen=True, slots=True)
class _Answers:
    """One judge's answers, in the order of the questions."""

    on_photos: Path
    on_pairs: Path
    failed: Counter[str]
    """Why questions could not be asked."""


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


def _thresholds(on_photos: Sequence[Path], params: VlmVotes) -> dict[str, float]:
    if params.accept_share is None:
        return dict.fromkeys(params.judges, HALF)
    p_yes: dict[str, pl.Series] = {}
    for judge, file in zip(params.judges, on_photos, strict=True):
        answers = tables.columns(file, Answer, ["p_yes", "mass"])
        p_yes[judge] = answers.filter(pl.col("mass") >= MIN_MASS)["p_yes"]
    silent = [judge for judge, own in p_yes.items() if own.is_empty()]
    if silent:
        raise GateError(
            f"vlm_votes.accept_share: {', '.join(silent)} abstained on every photo of the real-rain database; "
            "remove accept_share, and half decides"
        )
    return {judge: calibration.threshold(own, params.accept_share) for judge, own in p_yes.items()}


def _votes(files: Sequence[Path], thresholds: Mapping[str, float]) -> Iterator[pl.DataFrame]:
    """The votes of all judges: those on one pair follow each other, in the order of the judges."""
    for pieces in zip(*(tables.batches(file, Answer) for file in files), strict=True):
        answers = pl.concat([pl.DataFrame(piece) for piece in pieces])
        by_judge = np.arange(len(answers)).reshape(len(files), -1)
        yield with_votes(answers[by_judge.T.ravel()], thresholds)


def write_votes(out: Path, files: Sequence[Path], thresholds: Mapping[str, float]) -> voting.Votes:
    """All votes as numbers, after the tables of votes and verdicts were written piece by piece.

    Args:
        out: folder of the tables.
        files: the answers of each judge on all pairs, in the order of the pairs.
        thresholds: of each judge.
    """
    cast = [np.empty((0, len(files)), dtype=np.int8)]
    with (
        tables.writer(out / "votes.parquet", Vote) as votes,
        tables.writer(out / "verdicts.parquet", Verdict) as verdicts,
    ):
        for piece in _votes(files, thresholds):
            votes.columns(piece)
            numbers = piece["vote"].cast(pl.Int8).fill_null(voting.ABSTAINED).to_numpy()
            cast.append(numbers.reshape(-1, len(files)))
            of_pairs = voting.verdicts(cast[-1])
            verdicts.columns(of_pairs.with_columns(piece["pair_id"].gather_every(len(files))))
    return np.concatenate(cast)


def _groups(root: Path, dropped: set[str]) -> pl.DataFrame:
    """Rain type and dataset of every pair that was asked about."""
    names = ("rain_type", "dataset")
    groups = [pl.DataFrame(schema=dict.fromkeys(names, pl.Categorical))]
    without = pl.Series(sorted(dropped), dtype=pl.String).implode()
    for piece in tables.batches(root / rainy.PAIRS, Pair, ["pair_id", *names]):
        asked = pl.DataFrame(piece).filter(~pl.col("pair_id").is_in(without))
        groups.append(asked.select(pl.col(names).cast(pl.Categorical)))
    return pl.concat(groups)
