"""How the votes of a judge change when it is asked in another way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unirain_core.distill import voting
from unirain_core.distill.audit.aims import CHECKS, Check, Outcome
from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.judging import with_votes
from unirain_core.distill.trust.auroc import auroc
from unirain_core.distill.trust.intervals import Share

Votes = NDArray[np.int8]
"""YES, NO and ABSTAINED of `voting`."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """The answers of a judge about the sample, asked in one way."""

    votes: Votes
    """(n,)"""
    p_yes: NDArray[np.float64]
    """(n,) 0 to 1; 0.5 where a question could not be asked."""

    @classmethod
    def of(cls, answers: pl.DataFrame, threshold: float) -> Self:
        """The votes that follow from answers (columns judge, p_yes, mass) and the judge's threshold."""
        thresholds = dict.fromkeys(answers["judge"].unique(), threshold)
        votes = with_votes(answers, thresholds)["vote"].cast(pl.Int8).fill_null(voting.ABSTAINED)
        return cls(votes.to_numpy(), answers["p_yes"].cast(pl.Float64).to_numpy())


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """All answers of one judge."""

    name: str
    base: Said
    """Asked as stage vlm_votes asks."""
    others: Mapping[Check, Mapping[str, Said]]
    """Asked otherwise, in one or several ways; a check that cannot be made is absent."""
    reasons: Mapping[Check, str] = field(default_factory=dict)
    """Why a check cannot be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the audit."""

    judge: str
    check: Check
    value: float | None
    """The figure that has the aim; None: it could not be measured."""
    flips: Share | None
    """Votes that differ, of all that were asked otherwise; None: nothing was asked."""
    worst: str
    """The way of asking with most flips, where there are several."""
    auroc: float | None
    accuracy: float | None
    moved: float | None
    """Mean size of the change of p_yes."""
    reason: str
    """Why it was not measured."""

    @property
    def outcome(self) -> Outcome:
        """Whether the aim is met."""
        return self.check.outcome(self.value)


def lines(audited: Sequence[Audited], truth: NDArray[np.bool_] | None) -> list[Line]:
    """The table of the audit: every check of every judge, then of their majority.

    Args:
        audited: the judges.
        truth: whether each pair of the sample is good; None: not known.
    """
    table: list[Line] = []
    for one in [*audited, majority(audited)]:
        table += [_line(one, check, truth) for check in CHECKS]
    return table


def majority(audited: Sequence[Audited]) -> Audited:
    """The verdicts, with the median of the judges' p_yes, for each way in which every judge was asked."""
    others: dict[Check, dict[str, Said]] = {}
    for check in CHECKS:
        ways = [set(one.others.get(check, {})) for one in audited]
        for way in sorted(set.intersection(*ways)):
            others.setdefault(check, {})[way] = _together([one.others[check][way] for one in audited])
    reasons = {check: "not every judge was asked so" for check in CHECKS if check not in others}
    base = _together([one.base for one in audited])
    return Audited(name=MAJORITY, base=base, others=others, reasons=reasons)


def _together(said: Sequence[Said]) -> Said:
    yes = (np.stack([one.votes for one in said]) == voting.YES).sum(axis=0)
    verdicts = voting.is_reliable(yes, len(said))
    return Said(verdicts.astype(np.int8), np.median([one.p_yes for one in said], axis=0))


def _line(one: Audited, check: Check, truth: NDArray[np.bool_] | None) -> Line:
    ways = one.others.get(check, {})
    if not ways:
        reason = one.reasons.get(check, "")
        return Line(
            judge=one.name, check=check, value=None, flips=None, worst="", auroc=None, accuracy=None, moved=None,
            reason=reason,
        )  # fmt: skip
    flips = {way: int((said.votes != one.base.votes).sum()) for way, said in ways.items()}
    all_flips = Share(sum(flips.values()), len(one.base.votes) * len(ways))
    moved = [float(np.abs(said.p_yes - one.base.p_yes).mean()) for said in ways.values()]
    ranking, right, cost = None, None, None
    reason = "no pair of known quality, of which both kinds are needed" if check.figure != "flips" else ""
    if truth is not None:
        # a check against the truth asks in one way
        said = next(iter(ways.values()))
        ranking, right = _ranking(said, truth), _accuracy(said, truth)
        cost = _accuracy(one.base, truth) - right
        is_unranked = check.figure == "AUROC" and ranking is None
        reason = "it abstained on all good pairs, or on all faulty ones" if is_unranked else ""
    return Line(
        judge=one.name,
        check=check,
        value={"flips": all_flips.value, "AUROC": ranking, "cost": cost}[check.figure],
        flips=all_flips,
        worst=max(flips, key=lambda way: flips[way]) if len(ways) > 1 else "",
        auroc=ranking,
        accuracy=right,
        moved=sum(moved) / len(moved),
        reason=reason,
    )


def _ranking(said: Said, truth: NDArray[np.bool_]) -> float | None:
    is_answered = said.votes != voting.ABSTAINED
    return auroc(said.p_yes[is_answered], truth[is_answered])


def _accuracy(said: Said, truth: NDArray[np.bool_]) -> float:
    """Share of right votes; an abstention does not accept."""
    return float(((said.votes == voting.YES) == truth).mean())
