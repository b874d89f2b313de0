"""Stage: the votes of the three judges on every pair, and the verdicts."""

import logging
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Pair, RealPhoto, Reference, Verdict, Vote
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill import calibration, tally
from unirain_core.distill.ballots import Ballot, CastVotes, ballots_of, votes_of
from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.judging import HALF
from unirain_core.distill.stand_ins import PREFIX, note, stand_ins
from unirain_core.distill.voting import verdict
from unirain_core.engine.jobs import Failed
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
from unirain_core.errors import GateError
from unirain_core.stages.judges import make_judge
from unirain_core.standins.statistics.features import FAMILIES
from unirain_core.standins.statistics.judges import reliability

logger = logging.getLogger(__name__)

STAGE = "vlm_votes"
READS = (paths.VERIFIED, paths.DATABASE, paths.TRIPLETS, paths.REFERENCES)
WRITES = (paths.VOTES, paths.report(STAGE))
PARAMS = ("vlm_votes",)
ALGORITHM = "2"


def run(root: Path, *, vlm_votes: VlmVotes) -> None:
    """Ask every judge about every pair; one vote for each, one verdict for each pair.

    Raises:
        GateError: thresholds shall follow the real-rain database, and it is too small for that.
    """
    dropped = _dropped(root)
    pairs, photos = _searched(root, {row.pair_id for row in dropped})
    references = tables.read(root / paths.REFERENCES / "references.parquet", Reference)
    hashes = {judge: make_judge(judge).prompt_hash for judge in vlm_votes.judges}
    of_pairs = ballots_of(pairs, photos, references, hashes)
    of_photos = [] if vlm_votes.accept_share is None else _ballots_of_photos(root, photos, hashes)
    logger.info("%s: %d questions on pairs, %d on photos", STAGE, len(of_pairs), len(of_photos))
    job = CastVotes(make_judge=make_judge, roots=Roots.load(root), algorithm=ALGORITHM)
    ballots = [*of_pairs, *of_photos]
    results = finished_rows(job, ballots, WorkStore.at(root, STAGE))
    failed = Counter(result.reason for result in results if isinstance(result, Failed))
    answers = votes_of(ballots, results)
    thresholds = _thresholds(answers[len(of_pairs) :], vlm_votes)
    decided = calibration.decided(answers, thresholds)
    votes, on_photos = decided[: len(of_pairs)], decided[len(of_pairs) :]
    by_pair: dict[str, list[bool | None]] = {pair.pair_id: [] for pair in pairs}
    for vote in votes:
        by_pair[vote.pair_id].append(vote.vote)
    verdicts = [verdict(pair_id, pair_votes) for pair_id, pair_votes in by_pair.items()]
    tables.write(root / paths.VOTES / "votes.parquet", votes, Vote)
    tables.write(root / paths.VOTES / "photos.parquet", on_photos, Vote)
    tables.write(root / paths.VOTES / "verdicts.parquet", verdicts, Verdict)
    tables.write(root / paths.VOTES / "dropped.parquet", dropped, Dropped)
    kept = sum(v.verdict for v in verdicts)
    summary = Report(
        stage=STAGE,
        counts={
            "pairs": len(pairs),
            "kept": kept,
            "rejected": len(pairs) - kept,
            "votes": len(votes),
            "abstentions": sum(vote.vote is None for vote in votes),
        },
        reasons=failed,
        notes=[*note(vlm_votes.judges), *_failures(failed)],
        figures={
            **_figures(pairs, votes, by_pair, judges=vlm_votes.judges),
            "thresholds": [{"judge": judge, "threshold": value} for judge, value in thresholds.items()],
            **_reliability(vlm_votes.judges),
        },
    )
    report.write(root / WRITES[1], summary)
    logger.info("%s: %d of %d pairs kept", STAGE, kept, len(pairs))


def _failures(failed: Counter[str]) -> list[str]:
    if not failed:
        return []
    return [
        f"{failed.total()} questions could not be asked and count as abstentions; "
        f"`dvc repro --force --single-item {STAGE}` asks them again"
    ]


def _dropped(root: Path) -> list[Dropped]:
    """Verified pairs and photos without a triplet: they have no references, so no judge is asked about them."""
    rows: list[Dropped] = []
    for folder in (paths.TRIPLETS, paths.DATABASE):
        rows += tables.read(root / folder / "dropped.parquet", Dropped)
    return rows


def _searched(root: Path, dropped: Container[str]) -> tuple[list[Pair], list[RealPhoto]]:
    """The verified pairs and photos that have a triplet."""
    pairs = tables.read(root / paths.VERIFIED / "pairs.parquet", Pair)
    photos = tables.read(root / paths.VERIFIED / "real.parquet", RealPhoto)
    return (
        [pair for pair in pairs if pair.pair_id not in dropped],
        [photo for photo in photos if photo.photo_id not in dropped],
    )


def _ballots_of_photos(
    root: Path, photos: Sequence[RealPhoto], prompt_hashes: Mapping[JudgeName, str]
) -> list[Ballot]:
    if len(photos) < 2:
        raise GateError(
            "vlm_votes.accept_share: no threshold can follow a real-rain database of one photo; "
            "add photos (`layout: photos`), or remove accept_share"
        )
    references = tables.read(root / paths.REFERENCES / "photos.parquet", Reference)
    return ballots_of(photos, photos, references, prompt_hashes)


def _thresholds(on_photos: Sequence[Vote], params: VlmVotes) -> dict[str, float]:
    if params.accept_share is None:
        return dict.fromkeys(params.judges, HALF)
    answers: dict[str, list[float]] = {judge: [] for judge in params.judges}
    for vote in on_photos:
        if vote.vote is not None:
            answers[vote.judge].append(vote.p_yes)
    silent = [judge for judge, given in answers.items() if not given]
    if silent:
        raise GateError(
            f"vlm_votes.accept_share: {', '.join(silent)} abstained on every photo of the real-rain database; "
            "remove accept_share, and half decides"
        )
    return {judge: calibration.threshold(given, params.accept_share) for judge, given in answers.items()}


def _figures(
    pairs: Sequence[Pair],
    votes: Sequence[Vote],
    by_pair: tally.Votes,
    *,
    judges: Sequence[str],
) -> dict[str, Json]:
    datasets = sorted({pair.dataset for pair in pairs})
    kinds = sorted({pair.rain_type for pair in pairs})
    of_type = {name: [p.pair_id for p in pairs if p.rain_type == name] for name in kinds}
    of_dataset = {name: [p.pair_id for p in pairs if p.dataset == name] for name in datasets}
    return {
        "by_type": tally.by_group(by_pair, of_type),
        "by_dataset": tally.by_group(by_pair, of_dataset),
        "by_judge": tally.by_judge(votes, judges),
        "agreement": tally.agreement(by_pair, judges),
    }


def _reliability(judges: Sequence[str]) -> dict[str, Json]:
    """What is known of the stand-ins from other corpora; of this corpus no stage knows which rain is planted."""
    if not stand_ins(judges):
        return {}
    where, figures = reliability()
    asked = {name.removeprefix(PREFIX) for name in stand_ins(judges)}
    told = {*asked, MAJORITY} if asked == set(FAMILIES) else asked  # the majority is of all three stand-ins
    lines: list[Json] = [
        {
            "judge": figure.judge,
            "accept_share": figure.accept_share,
            **asdict(figure.confusion),
            "precision": figure.confusion.precision,
            "recall": figure.confusion.recall,
        }
        for figure in figures
        if figure.judge in told
    ]
    return {"reliability": lines, "reliability_measured_on": where}
