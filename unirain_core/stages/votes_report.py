"""The report of stage vlm_votes: counts of votes and verdicts, and how far stand-ins can be trusted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import polars as pl

from unirain_core.artefacts.report import Json, Report
from unirain_core.distill import tally, voting
from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.costs import Cost
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
    costs: Mapping[str, Cost | None],
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
        costs: of one question to each judge; None: not known.
        unstable: votes that flipped with the order of the references; None: the questions were asked in one order.
    """
    judges = list(thresholds)
    # of two orders, both questions about a pair are asked, or neither
    saved = _saved(votes, costs, n_ways=1 if unstable is None else 2)
    kept = int(voting.is_reliable((votes == voting.YES).sum(axis=1), len(judges)).sum())
    return Report(
        stage=stage,
        counts={
            "pairs": len(votes),
            "kept": kept,
            "rejected": len(votes) - kept,
            "votes": int((votes != voting.UNASKED).sum()),
            "questions_saved": sum(line.saved for line in saved),
            "abstentions": int((votes == voting.ABSTAINED).sum()),
            **({} if unstable is None else {"unstable": unstable}),
        },
        reasons=failed,
        notes=[*note(judges), *_failures(stage, failed), *_spared(saved)],
        figures={
            "by_type": tally.by_group(votes, groups["rain_type"]),
            "by_dataset": tally.by_group(votes, groups["dataset"]),
            "by_judge": tally.by_judge(votes, judges),
            "questions": [asdict(line) for line in saved],
            "flops_saved": sum(line.flops_saved or 0.0 for line in saved),
            "agreement": tally.agreement(votes[is_asked_of_all], judges),
            "thresholds": [{"judge": judge, "threshold": value} for judge, value in thresholds.items()],
            **reliability_figures(judges),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saved:
    """The questions of one judge, and those that the early stop spared it."""

    judge: str
    asked: int
    saved: int
    flops_a_question: float | None
    """None: not known, since a stand-in or a server answers."""
    flops_saved: float | None


def _saved(votes: voting.Votes, costs: Mapping[str, Cost | None], *, n_ways: int) -> list[_Saved]:
    """The questions of each judge; about a pair it is asked in so many ways."""
    lines: list[_Saved] = []
    for (judge, cost), own in zip(costs.items(), votes.T, strict=True):
        saved = n_ways * int((own == voting.UNASKED).sum())
        flops = cost.flops if cost else None
        lines.append(
            _Saved(
                judge=judge,
                asked=n_ways * len(own) - saved,
                saved=saved,
                flops_a_question=flops,
                flops_saved=None if flops is None else flops * saved,
            )
        )
    return lines


def _spared(lines: Sequence[_Saved]) -> list[str]:
    """What the early stop saved, in a sentence; none where it saved nothing."""
    spared = sum(line.saved for line in lines)
    if not spared:
        return []
    flops = sum(line.flops_saved or 0.0 for line in lines)
    sentence = f"the early stop spared {spared} of {spared + sum(line.asked for line in lines)} questions"
    unknown = [line.judge for line in lines if line.saved and line.flops_a_question is None]
    if unknown:
        return [
            f"{sentence}; operations are not counted of {', '.join(unknown)} (stand-in, or behind an endpoint)"
        ]
    return [f"{sentence}, which are {flops:.3g} operations"]


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
