"""The report of stage vlm_votes: counts of votes and verdicts, and how far stand-ins can be trusted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import polars as pl

from unirain_core.artefacts.report import Json, Report
from unirain_core.distill import tally, voting
from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.stand_ins import PREFIX, note, stand_ins
from unirain_core.standins.statistics.features import FAMILIES
from unirain_core.standins.statistics.judges import reliability


def votes_report(
    stage: str,
    votes: voting.Votes,
    groups: pl.DataFrame,
    is_asked_of_all: voting.Flags,
    failed: Counter[str],
    thresholds: Mapping[str, float],
    unstable: int | None = None,
) -> Report:
    """The report of all votes.

    Args:
        stage: name of the stage.
        votes: of every pair, judges in the order of `thresholds`.
        groups: `rain_type` and `dataset` of every pair.
        is_asked_of_all: about which pairs every judge was asked, whatever the others said.
        failed: why questions could not be asked, and how many.
        thresholds: of each judge.
        unstable: abstentions of judges whose votes flipped; None: nobody looked for them.
    """
    judges = list(thresholds)
    kept = int(voting.is_reliable((votes == voting.YES).sum(axis=1), len(judges)).sum())
    return Report(
        stage=stage,
        counts={
            "pairs": len(votes),
            "kept": kept,
            "rejected": len(votes) - kept,
            "votes": int((votes != voting.UNASKED).sum()),
            "questions_saved": int((votes == voting.UNASKED).sum()),
            "abstentions": int((votes == voting.ABSTAINED).sum()),
            **({} if unstable is None else {"unstable": unstable}),
        },
        reasons=failed,
        notes=[*note(judges), *_failures(stage, failed)],
        figures={
            "by_type": tally.by_group(votes, groups["rain_type"]),
            "by_dataset": tally.by_group(votes, groups["dataset"]),
            "by_judge": tally.by_judge(votes, judges),
            "agreement": tally.agreement(votes[is_asked_of_all], judges),
            "thresholds": [{"judge": judge, "threshold": value} for judge, value in thresholds.items()],
            **reliability_figures(judges),
        },
    )


def _failures(stage: str, failed: Counter[str]) -> list[str]:
    if not failed:
        return []
    return [
        f"{failed.total()} questions could not be asked and count as abstentions; "
        f"`dvc repro --force --single-item {stage}` asks them again"
    ]


def reliability_figures(judges: Sequence[str]) -> dict[str, Json]:
    """What other corpora say of the stand-ins among the judges; of this corpus no stage knows which rain is planted."""
    if not stand_ins(judges):
        return {}
    where, figures = reliability()
    families = {name.removeprefix(PREFIX) for name in stand_ins(judges)}
    # the majority was measured of all three stand-ins together
    told = {*families, MAJORITY} if families == set(FAMILIES) else families
    lines: list[Json] = []
    for figure in figures:
        if figure.judge in told:
            shares = {"precision": figure.confusion.precision, "recall": figure.confusion.recall}
            line = {"judge": figure.judge, "accept_share": figure.accept_share}
            lines.append({**line, **asdict(figure.confusion), **shares})
    return {"reliability": lines, "reliability_measured_on": where}
