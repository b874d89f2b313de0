"""Risk against coverage: how many votes are wrong if a judge abstains where it is least sure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Point:
    """The votes that are left at one coverage."""

    coverage: float
    """Share of all pairs that keep their vote."""
    pairs: int
    """Votes that are kept."""
    wrong: int
    """Wrong ones among them."""

    @property
    def risk(self) -> float | None:
        """Share of wrong votes among those that are kept."""
        return self.wrong / self.pairs if self.pairs else None


def risk_at(
    confidence: NDArray[np.float64], is_wrong: NDArray[np.bool_], coverages: Sequence[float]
) -> list[Point]:
    """The errors among the most confident votes (El-Yaniv and Wiener 2010).

    Args:
        confidence: (n,) how sure the judge is of each vote; NaN: it abstained, so no coverage includes the pair.
        is_wrong: (n,) whether the vote is wrong.
        coverages: shares of the n pairs. A share is left out if it is larger than the share of pairs with a vote.
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
