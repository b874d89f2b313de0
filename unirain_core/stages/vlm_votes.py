"""Stage: the votes of the three judges on every pair, and the verdicts."""

import logging
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Pair, RealPhoto, Reference, Verdict, Vote
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill import calibration, tally, voting
from unirain_core.distill.ballots import Ballot, CastVotes, ballots_of, votes_of
from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.judging import HALF
from unirain_core.distill.stand_ins import PREFIX, note, stand_ins
from unirain_core.engine.jobs import Finished
from unirain_core.engine.rows import stream
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
    ballots = [*of_photos, *of_pairs]  # the answers on photos first: they give the thresholds of the others
    failed: Counter[str] = Counter()
    answers = _answers(stream(job, [ballots], WorkStore.at(root, STAGE)), failed)
    on_photos, on_pairs = _parted(answers, len(of_photos))
    thresholds = _thresholds(on_photos, vlm_votes)
    with tables.writer(root / paths.VOTES / "photos.parquet", Vote) as table:
        table.columns(calibration.decided(on_photos, thresholds))
    decided = (calibration.decided(piece, thresholds) for piece in on_pairs)
    votes = write_votes(root / paths.VOTES / "votes.parquet", decided).reshape(
        len(pairs), len(vlm_votes.judges)
    )
    verdicts = voting.verdicts(votes).with_columns(
        pl.Series("pair_id", [pair.pair_id for pair in pairs], pl.String)
    )
    with tables.writer(root / paths.VOTES / "verdicts.parquet", Verdict) as table:
        table.columns(verdicts)
    tables.write(root / paths.VOTES / "dropped.parquet", dropped, Dropped)
    kept = int(verdicts["verdict"].sum())
    summary = Report(
        stage=STAGE,
        counts={
            "pairs": len(pairs),
            "kept": kept,
            "rejected": len(pairs) - kept,
            "votes": votes.size,
            "abstentions": int((votes == voting.ABSTAINED).sum()),
        },
        reasons=failed,
        notes=[*note(vlm_votes.judges), *_failures(failed)],
        figures={
            **_figures(pairs, votes, judges=vlm_votes.judges),
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


def _answers(windows: Iterable[Finished[Ballot, Vote]], failed: Counter[str]) -> Iterator[pl.DataFrame]:
    """The answers in the order of the ballots, as columns; reasons of questions that could not be asked are counted."""
    for window in windows:
        failed.update(failure.reason for failure in window.failures.values())
        yield columns_of(votes_of(window.rows, window.outcomes()))


def columns_of(votes: Sequence[Vote]) -> pl.DataFrame:
    """Votes as columns."""
    schema = pl.DataFrame(tables.arrow_schema(Vote).empty_table()).schema
    columns = {name: [getattr(vote, name) for vote in votes] for name in schema}
    return pl.DataFrame(columns, schema=schema)


def _parted(answers: Iterator[pl.DataFrame], n_rows: int) -> tuple[pl.DataFrame, Iterator[pl.DataFrame]]:
    """The first rows of all, and the others as they come."""
    head = columns_of([])
    while len(head) < n_rows:
        head = pl.concat([head, next(answers)])
    return head[:n_rows], chain([head[n_rows:]], answers)


def write_votes(path: Path, pieces: Iterable[pl.DataFrame]) -> NDArray[np.int8]:
    """All votes as numbers, after the pieces of their table were written: replies and reasons are never held all at once."""
    cast = [np.empty(0, dtype=np.int8)]
    with tables.writer(path, Vote) as table:
        for piece in pieces:
            table.columns(piece)
            cast.append(piece["vote"].cast(pl.Int8).fill_null(voting.ABSTAINED).to_numpy())
    return np.concatenate(cast)


def _thresholds(on_photos: pl.DataFrame, params: VlmVotes) -> dict[str, float]:
    if params.accept_share is None:
        return dict.fromkeys(params.judges, HALF)
    answered = on_photos.drop_nulls("vote")
    answers = {judge: answered.filter(pl.col("judge") == judge)["p_yes"] for judge in params.judges}
    silent = [judge for judge, p_yes in answers.items() if p_yes.is_empty()]
    if silent:
        raise GateError(
            f"vlm_votes.accept_share: {', '.join(silent)} abstained on every photo of the real-rain database; "
            "remove accept_share, and half decides"
        )
    return {judge: calibration.threshold(p_yes, params.accept_share) for judge, p_yes in answers.items()}


def _figures(pairs: Sequence[Pair], votes: voting.Votes, *, judges: Sequence[str]) -> dict[str, Json]:
    rain_types = pl.Series([pair.rain_type for pair in pairs], dtype=pl.String)
    datasets = pl.Series([pair.dataset for pair in pairs], dtype=pl.String)
    return {
        "by_type": tally.by_group(votes, rain_types),
        "by_dataset": tally.by_group(votes, datasets),
        "by_judge": tally.by_judge(votes, judges),
        "agreement": tally.agreement(votes, judges),
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
