"""The speed at which a loss falls: the slope of a straight line through its latest values."""

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]


def convergence_slope(updates: Float64Array, losses: Float64Array) -> Float64Array:
    """Least-squares slope α of each rain type's loss, Eq. (6).

    The printed sum runs over k = 1..N; the text fits the latest N values, and so do we.

    Args:
        updates: (K, N) update at which each loss was seen, increasing; gaps where a type was absent.
        losses: (K, N) normalised losses, oldest first, N >= 2.

    Returns:
        (K,) slopes in loss per update; negative while converging.

    >>> convergence_slope(np.array([[0.0, 1.0, 3.0]]), np.array([[4.0, 3.0, 1.0]]))
    array([-1.])
    """
    step = updates - updates[:, :1]  # from the window's start: exact, however late in the run
    step = step - step.mean(axis=-1, keepdims=True)
    drop = losses - losses[:, :1]  # less the first, not the mean: a constant has slope 0 exactly
    slopes: Float64Array = (drop * step).sum(axis=-1) / (step**2).sum(axis=-1)
    return slopes
