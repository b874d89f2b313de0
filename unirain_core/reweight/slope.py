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


def slope_signal_to_noise(slopes: Float64Array, lag: int) -> Float64Array:
    """How far each rain type's slopes stand out of their own noise.

    Slopes that lie a window apart share no loss, so their noise is independent. The mean product of two such slopes is then the
    square of the signal, and half their mean squared difference is the square of the noise.

    Args:
        slopes: (K, T) slopes of one run in their order, NaN where there is none.
        lag: updates of a window, N.

    Returns:
        (K,) ratios, 0 where no signal is seen; NaN where no two slopes lie so far apart, inf where the slopes do not vary.

    >>> slope_signal_to_noise(np.array([[-1.0, -1.0, -1.0, -1.0], [1.0, 2.0, -1.0, -2.0]]), 2)
    array([inf,  0.])
    """
    earlier, later = slopes[:, :-lag], slopes[:, lag:]
    known = ~np.isnan(earlier + later)
    number = known.sum(axis=-1)
    product = np.where(known, earlier * later, 0.0).sum(axis=-1)
    square = np.where(known, (later - earlier) ** 2, 0.0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios: Float64Array = np.sqrt(np.maximum(product, 0.0)) / np.sqrt(square / 2.0)
    return np.where(number > 0, np.where((square == 0.0) & (product <= 0.0), 0.0, ratios), np.nan)
