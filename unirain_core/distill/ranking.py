"""The tie rule, and where the border of the nearest ones lies when costs are known but for an error."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]
Positions = NDArray[np.int64]

DECIMALS = 9
"""Scores that agree in so many decimals are equal."""


def ranked(positions: Positions, costs: Float64Array) -> tuple[Positions, Float64Array]:
    """The tie rule: by rounded cost, then by position, which is the rank of the photo id.

    Returns:
        The positions, nearest first, and their rounded costs.

    >>> ranked(np.array([7, 2, 5]), np.array([0.5, 0.5, 0.1]))[0]
    array([5, 2, 7])
    """
    rounded = np.round(costs, DECIMALS)
    order = np.lexsort((positions, rounded))
    return positions[order], rounded[order]


def border(
    proposed: NDArray[np.floating[Any]], keep: int, error: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which are among the `keep` nearest for certain, and which may be.

    With true costs within `error` of the proposed ones, the keep-th smallest of the true costs lies within `error` of the
    keep-th smallest of the proposed ones. A cost that is proposed more than twice `error` below it is among the nearest,
    one that is proposed more than twice `error` above it is not.

    Args:
        proposed: (n,) costs, smaller is nearer.
        keep: how many are wanted, at least 1.
        error: how far a proposed cost may lie from the true one.

    Returns:
        (n,) certain and (n,) possible; no one is both.

    >>> certain, possible = border(np.array([1, 2, 3, 3.1, 9], dtype=np.float32), 3, 0.1)
    >>> certain.tolist(), possible.tolist()
    ([True, True, False, False, False], [False, False, True, True, False])
    """
    if keep >= len(proposed):
        everything = np.ones(len(proposed), dtype=np.bool_)
        return everything, ~everything
    last = np.partition(proposed, keep - 1)[keep - 1]
    margin = 2.0 * (error + 10.0**-DECIMALS)  # the tie rule rounds
    certain = proposed < last - margin
    return certain, ~certain & (proposed <= last + margin)
