"""Smooth fields: Gaussian blur and low-frequency noise."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Field = NDArray[np.float32]
"""(H, W) or (H, W, 3) float32."""

Values = NDArray[np.floating[Any]]
"""As Field, of any precision."""

WIDE = 6.0
"""Standard deviation in pixels from which a blur is computed at a quarter of the size."""


def blur(field: Field, sigma: float) -> Field:
    """Gaussian blur over the first two axes.

    Args:
        field: (H, W) or (H, W, 3) float32.
        sigma: standard deviation in pixels.

    Returns:
        Same shape, float32.
    """
    height, width = field.shape[:2]
    if sigma < WIDE:
        return _gaussian(field, sigma)
    small = resized(field, height // 4, width // 4, Image.Resampling.BOX)
    return resized(_gaussian(small, sigma / 4), height, width, Image.Resampling.BICUBIC)


def resized(field: Field, height: int, width: int, method: Image.Resampling) -> Field:
    """Resample to height x width without rounding to 8 bits."""
    if field.ndim == 2:
        return np.asarray(Image.fromarray(field).resize((width, height), method), dtype=np.float32)
    channels = (np.ascontiguousarray(field[..., c]) for c in range(field.shape[2]))
    return np.stack([resized(channel, height, width, method) for channel in channels], axis=-1)


def low_frequency(height: int, width: int, spread: float, rng: Generator) -> Field:
    """Smooth noise of mean 0 and standard deviation 1.

    Args:
        height: rows.
        width: columns.
        spread: standard deviation of the blur of white noise, in pixels.
        rng: source of randomness.

    Returns:
        (height, width) float32.
    """
    cell = max(1, round(spread / 6))
    noise = rng.standard_normal((height // cell + 2, width // cell + 2)).astype(np.float32)
    smooth = np.asarray(ndimage.gaussian_filter(noise, spread / cell, mode="wrap"), dtype=np.float32)
    unit = (smooth - smooth.mean()) / (smooth.std() + np.float32(1e-6))
    return resized(unit, height, width, Image.Resampling.BICUBIC)


def clipped(values: Values, lowest: float = 0.0, highest: float = 1.0) -> Field:
    """The values bounded on both sides, as float32.

    >>> clipped(np.array([-1.0, 0.5, 2.0]))
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return np.clip(values, lowest, highest).astype(np.float32, copy=False)


def _gaussian(field: Field, sigma: float) -> Field:
    widths = (sigma, sigma, 0.0)[: field.ndim]
    return np.asarray(ndimage.gaussian_filter(field, widths, truncate=3.0), dtype=np.float32)
