"""Colour spaces of the field."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

REC601 = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Weights of red, green, blue in the luma of ITU-R Rec. 601, also the Y of YIQ."""


def luma(image: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Rec. 601 luma of RGB: (..., 3) in [0, 1] to (...) in [0, 1].

    >>> luma(np.array([[1.0, 1.0, 1.0]])).round(6)
    array([1.], dtype=float32)
    """
    weighted: NDArray[np.float32] = (image.astype(np.float32) @ REC601).astype(np.float32)
    return weighted
