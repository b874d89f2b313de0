"""Scores of the types that have a slope become weights of all types."""

import numpy as np
from numpy.typing import NDArray

from unirain_core.reweight.slope import Float64Array


def type_weights(balance: Float64Array, stability: Float64Array, adaptivity: float) -> Float64Array:
    """Weight ω of each rain type, AF · TBS + (1 - AF) · TSS, Eq. (10).

    Args:
        balance: (K,) TBS, sums to 1.
        stability: (K,) TSS, sums to 1.
        adaptivity: AF in [0, 1].

    Returns:
        (K,) non-negative, sums to 1.

    >>> type_weights(np.array([0.25, 0.75]), np.array([0.75, 0.25]), 0.5)
    array([0.5, 0.5])
    """
    return stability + adaptivity * (balance - stability)  # this form keeps equal scores exactly equal


def among_all(shares: Float64Array, ready: NDArray[np.bool_]) -> Float64Array:
    """Shares among the ready types, as shares among all: every type that is not ready gets 1/K.

    Args:
        shares: (k,) of the ready types, sums to 1.
        ready: (K,) which types they are, k of them.

    Returns:
        (K,), sums to 1.

    >>> among_all(np.array([0.25, 0.75]), np.array([True, False, True, False]))
    array([0.125, 0.25 , 0.375, 0.25 ])
    """
    spread = np.full(ready.size, 1.0 / ready.size)
    spread[ready] = shares * (shares.size / ready.size)
    return spread


def above_floor(weights: Float64Array, floor: float) -> Float64Array:
    """Weights pressed together so that none is below `floor` <= 1/K; the sum stays.

    >>> above_floor(np.array([0.0, 1.0]), 0.25)
    array([0.25, 0.75])
    """
    return floor + (1.0 - weights.size * floor) * weights
