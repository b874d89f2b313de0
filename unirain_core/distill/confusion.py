"""How well judges tell good rain from planted low fidelity, where it is known which is which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from unirain_core.distill.voting import is_reliable

MAJORITY = "majority"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One picture of which the truth is known, and what the judges said."""

    rain_type: str
    kind: str
    """Empty: good; else the planted kind of low fidelity."""
    votes: tuple[bool | None, ...]
    """In the order of the judges; None: abstained."""

    @property
    def good(self) -> bool:
        """Whether it should be kept."""
        return not self.kind

    @property
    def verdict(self) -> bool:
        """Whether it is kept."""
        return bool(is_reliable(np.array(self.votes.count(True)), len(self.votes)))


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of one judge; low fidelity is what is looked for."""

    kept: int
    """Good pictures accepted."""
    good: int
    caught: int
    """Planted pictures not accepted."""
    planted: int

    @property
    def precision(self) -> float:
        """Share of the rejected that is planted; 0 where nothing is rejected."""
        return self.caught / max(self.caught + self.good - self.kept, 1)

    @property
    def recall(self) -> float:
        """Share of the planted that is rejected; 0 where nothing is planted."""
        return self.caught / max(self.planted, 1)


def confusions(outcomes: Sequence[Outcome], judges: Sequence[str]) -> dict[str, Confusion]:
    """Confusion of every judge, in their order, and of the majority; an abstention does not accept."""
    goods = [outcome.good for outcome in outcomes]
    table: dict[str, Confusion] = {}
    for number, judge in enumerate(judges):
        table[judge] = _confusion([outcome.votes[number] is True for outcome in outcomes], goods)
    table[MAJORITY] = _confusion([outcome.verdict for outcome in outcomes], goods)
    return table


def _confusion(answers: Sequence[bool], goods: Sequence[bool]) -> Confusion:
    """Counts of who accepts each picture or not; in `goods` stands whether it should."""
    both = list(zip(answers, goods, strict=True))
    return Confusion(
        kept=sum(accepted and good for accepted, good in both),
        good=sum(goods),
        caught=sum(not accepted and not good for accepted, good in both),
        planted=len(goods) - sum(goods),
    )


def right_by_kind(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], tuple[int, int]]:
    """(rain type, kind) to how often the majority is right, and of how many, sorted."""
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for outcome in sorted(outcomes, key=lambda o: (o.rain_type, o.kind)):
        right, total = counts.get((outcome.rain_type, outcome.kind), (0, 0))
        counts[outcome.rain_type, outcome.kind] = (right + (outcome.verdict == outcome.good), total + 1)
    return counts


def lines(outcomes: Sequence[Outcome], judges: Sequence[str]) -> list[str]:
    """Everything as a table for a terminal."""
    text = [*_table(confusions(outcomes, judges)), "", "right verdicts, by rain type and kind"]
    for (rain_type, kind), (right, total) in right_by_kind(outcomes).items():
        text.append(f"{rain_type:6} {kind or 'good':16} {right:4}/{total}")
    text += ["", "agreement"]
    for one, other in combinations(range(len(judges)), 2):
        n_equal = sum(outcome.votes[one] == outcome.votes[other] for outcome in outcomes)
        text.append(f"{judges[one]}, {judges[other]}: {n_equal / max(len(outcomes), 1):.2f}")
    return text


_HEAD = ("judge", "good kept", "rejected", "planted caught", "passed", "precision", "recall")


def _table(rows: Mapping[str, Confusion]) -> list[str]:
    """Lines whose columns stand below each other."""
    cells = [_HEAD, *(_cells(name, confusion) for name, confusion in rows.items())]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [_aligned(row, widths) for row in cells]


def _cells(name: str, c: Confusion) -> tuple[str, ...]:
    """In the order of `_HEAD`."""
    return (
        name,
        f"{c.kept}/{c.good} {c.kept / max(c.good, 1):.2f}",
        f"{c.good - c.kept}",
        f"{c.caught}/{c.planted} {c.caught / max(c.planted, 1):.2f}",
        f"{c.planted - c.caught}",
        f"{c.precision:.2f}",
        f"{c.recall:.2f}",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Names stand to the left and numbers to the right of their columns."""
    name = row[0].ljust(widths[0])
    numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "  ".join([name, *numbers])
