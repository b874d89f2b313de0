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
    accepted = {judge: [o.votes[j] is True for o in outcomes] for j, judge in enumerate(judges)}
    good = [o.good for o in outcomes]
    return {
        name: Confusion(
            kept=sum(said and right for said, right in zip(answers, good, strict=True)),
            good=sum(good),
            caught=sum(not said and not right for said, right in zip(answers, good, strict=True)),
            planted=len(good) - sum(good),
        )
        for name, answers in {**accepted, MAJORITY: [o.verdict for o in outcomes]}.items()
    }


def right_by_kind(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], tuple[int, int]]:
    """(rain type, kind) to how often the majority is right, and of how many, sorted."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for outcome in sorted(outcomes, key=lambda o: (o.rain_type, o.kind)):
        right, total = found.get((outcome.rain_type, outcome.kind), (0, 0))
        found[outcome.rain_type, outcome.kind] = (right + (outcome.verdict == outcome.good), total + 1)
    return found


def lines(outcomes: Sequence[Outcome], judges: Sequence[str]) -> list[str]:
    """Everything as a table for a terminal."""
    return [
        *_table(confusions(outcomes, judges)),
        "",
        "right verdicts, by rain type and kind",
        *(f"{t:6} {k or 'good':16} {r:4}/{n}" for (t, k), (r, n) in right_by_kind(outcomes).items()),
        "",
        "agreement",
        *(
            f"{judges[a]}, {judges[b]}: {sum(o.votes[a] == o.votes[b] for o in outcomes) / max(len(outcomes), 1):.2f}"
            for a, b in combinations(range(len(judges)), 2)
        ),
    ]


def _table(rows: Mapping[str, Confusion]) -> list[str]:
    head = ("judge", "good kept", "rejected", "planted caught", "passed", "precision", "recall")
    body = [
        (
            name,
            f"{c.kept}/{c.good} {c.kept / max(c.good, 1):.2f}",
            f"{c.good - c.kept}",
            f"{c.caught}/{c.planted} {c.caught / max(c.planted, 1):.2f}",
            f"{c.planted - c.caught}",
            f"{c.precision:.2f}",
            f"{c.recall:.2f}",
        )
        for name, c in rows.items()
    ]
    widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in (head, *body)
    ]
