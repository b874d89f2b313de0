"""How well a score ranks good pairs above faulty ones, whatever the threshold."""

import math

import numpy as np
from numpy.typing import NDArray


def auroc(scores: NDArray[np.float64], is_good: NDArray[np.bool_]) -> float | None:
    """Probability that a good pair has a higher score than a faulty one; equal scores count half (Mann and Whitney 1947).

    Args:
        scores: (n,) higher is better.
        is_good: (n,) the truth.

    Returns:
        0.5 for a score that does not depend on the truth; None: there is no good pair, or no faulty one.

    >>> auroc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    n_good = int(is_good.sum())
    n_faulty = len(is_good) - n_good
    if not n_good or not n_faulty:
        return None
    ranks = _mid_ranks(scores)
    wins = ranks[is_good].sum() - n_good * (n_good + 1) / 2
    return float(wins / (n_good * n_faulty))


def chance(n_good: int, n_faulty: int) -> float:
    """The largest distance from 0.5 that chance gives an AUROC in 19 of 20 samples (Mann and Whitney 1947).

    The score is taken to be independent of the truth.

    Args:
        n_good: good pairs of the sample, at least one.
        n_faulty: faulty ones, at least one.

    >>> round(chance(75, 25), 2)
    0.13
    """
    # standard deviation of U / (n_good * n_faulty); 1.96 of them hold 95 % of a normal distribution
    return 1.96 * math.sqrt((n_good + n_faulty + 1) / (12 * n_good * n_faulty))


def _mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1 on; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means = last - (counts - 1) / 2
    ranks: NDArray[np.float64] = means[place]
    return ranks
