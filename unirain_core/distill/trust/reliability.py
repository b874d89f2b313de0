"""The reliability diagram: it shows, for example, whether eight in ten pairs are good to which a judge gives 0.8."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Bin:
    """The pairs whose probability lies between `low` and `high`."""

    low: float
    high: float
    pairs: int
    mean: float
    """Of the probabilities; 0 in an empty bin."""
    good: int
    """Pairs that are good."""

    @property
    def share(self) -> float:
        """Share that is good; 0 in an empty bin."""
        return self.good / max(self.pairs, 1)


def bins(probabilities: NDArray[np.float64], is_good: NDArray[np.bool_], n_bins: int) -> list[Bin]:
    """Bins of equal width; a probability on a border belongs to the upper bin, 1 to the last.

    Args:
        probabilities: (n,) in [0, 1] that a pair is good.
        is_good: (n,) the truth.
        n_bins: at least one.
    """
    place = np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)
    result: list[Bin] = []
    for number in range(n_bins):
        is_inside = place == number
        pairs = int(is_inside.sum())
        mean = float(probabilities[is_inside].mean()) if pairs else 0.0
        good = int(is_good[is_inside].sum())
        result.append(Bin(number / n_bins, (number + 1) / n_bins, pairs, mean, good))
    return result


def expected_calibration_error(of_bins: Sequence[Bin]) -> float | None:
    """Mean distance between probability and share of good pairs, over the pairs (Naeini et al. 2015; Guo et al. 2017).

    >>> expected_calibration_error([Bin(0.0, 0.5, 4, 0.25, 2), Bin(0.5, 1.0, 4, 0.75, 3)])
    0.125
    """
    n_pairs = sum(one.pairs for one in of_bins)
    if not n_pairs:
        return None
    return sum(one.pairs * abs(one.share - one.mean) for one in of_bins) / n_pairs
