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
    proposed: NDArray[np.floating[Any]], keep: int, error: NDArray[np.floating[Any]] | float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which are among the `keep` nearest for certain, and which may be.

    A true cost lies between its proposed cost less and plus its error, so the keep-th smallest true cost lies between the
    keep-th smallest lower end and the keep-th smallest upper end. Who lies below both is in, who lies above both is out.

    Args:
        proposed: (n,) costs, smaller is nearer.
        keep: how many are wanted, at least 1.
        error: how far a proposed cost may lie from the true one; one for all, or (n,).

    Returns:
        (n,) certain and (n,) possible; no one is both.

    >>> certain, possible = border(np.array([1.0, 2.0, 3.0, 3.1, 9.0]), 3, 0.1)
    >>> certain.tolist(), possible.tolist()
    ([True, True, False, False, False], [False, False, True, True, False])
    """
    if keep >= len(proposed):
        everything = np.ones(len(proposed), dtype=np.bool_)
        return everything, ~everything
    slack = error + 10.0**-DECIMALS  # the tie rule rounds
    lower, upper = proposed - slack, proposed + slack
    certain = upper < np.partition(lower, keep - 1)[keep - 1]
    return certain, ~certain & (lower <= np.partition(upper, keep - 1)[keep - 1])
