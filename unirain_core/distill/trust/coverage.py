"""Risk against coverage: how many errors are left when a judge may abstain where it is least sure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Point:
    """What is left at one coverage."""

    coverage: float
    """Share of all pairs that keep their vote."""
    pairs: int
    wrong: int

    @property
    def risk(self) -> float | None:
        """Share of wrong votes among those that are kept."""
        return self.wrong / self.pairs if self.pairs else None


def risk_at(
    confidence: NDArray[np.float64], is_wrong: NDArray[np.bool_], coverages: Sequence[float]
) -> list[Point]:
    """The errors among the most confident votes (El-Yaniv and Wiener 2010).

    Args:
        confidence: (n,) of each vote; NaN: the judge abstained, so no coverage includes it.
        is_wrong: (n,).
        coverages: shares of the n pairs; one that needs votes which were never given is left out.
    """
    # NaN sorts last; equal confidences keep their order, which is by a hash
    wrong = np.cumsum(is_wrong[np.argsort(-confidence, kind="stable")])
    n_voted = int((~np.isnan(confidence)).sum())
    points: list[Point] = []
    for coverage in coverages:
        # rounded first: in floats 0.1 of 30 is more than 3
        pairs = math.ceil(round(coverage * len(confidence), 9))
        if 0 < pairs <= n_voted:
            points.append(Point(coverage, pairs, int(wrong[pairs - 1])))
    return points
