"""How far two raters agree beyond what chance would give."""

import numpy as np
from numpy.typing import NDArray


def kappa(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float | None:
    """(agreement - chance) / (1 - chance) (Cohen 1960).

    Args:
        one: (n,) yes or no of the one.
        other: (n,) likewise, of the same pairs.

    Returns:
        1: they always agree, 0: as chance would; None: no pair, or both always say the same word, so that chance explains all.

    >>> kappa(np.array([True, True, False, False]), np.array([True, True, False, True]))
    0.5
    """
    if not len(one):
        return None
    agreement = float((one == other).mean())
    yes_one, yes_other = float(one.mean()), float(other.mean())
    chance = yes_one * yes_other + (1 - yes_one) * (1 - yes_other)
    return (agreement - chance) / (1 - chance) if chance < 1 else None
