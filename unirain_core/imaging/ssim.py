"""Structural similarity with the two windows of the field; moments in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, uniform_filter

Float64Array = NDArray[np.float64]

GAUSSIAN_SIDE, UNIFORM_SIDE = 11, 7
"""Sides of the windows in pixels. Only whole windows count, so a smaller picture has no SSIM."""

_BELL = np.exp(-((np.arange(GAUSSIAN_SIDE) - GAUSSIAN_SIDE // 2) ** 2) / (2 * 1.5**2))
GAUSSIAN = _BELL / _BELL.sum()
"""(11,) weights along one axis."""
_K1, _K2 = 0.01, 0.03


def gaussian_ssim(
    first: NDArray[Any], second: NDArray[Any], *, peak: float, clamp: bool = False
) -> Float64Array:
    """SSIM of Wang et al. (2004): 11 x 11 Gaussian of sigma 1.5, whole windows, no downsampling.

    Args:
        first: (..., H, W) in [0, peak], H and W at least 11; leading axes broadcast against `second`.
        second: likewise, the same H and W.
        peak: largest possible value.
        clamp: raise negative values of the contrast-structure term to 0, as pyiqa does.

    Returns:
        (...) in [-1, 1]; 1 for equal pictures.

    Raises:
        ValueError: H or W differ or are below 11.
    """
    _check(first, second, GAUSSIAN_SIDE)
    return _similarity(first, second, _gaussian_mean, peak=peak, unbias=1.0, clamp=clamp)


def uniform_ssim(first: NDArray[Any], second: NDArray[Any], *, peak: float) -> Float64Array:
    """SSIM of scikit-image's default: 7 x 7 uniform window, sample covariance, whole windows.

    Args:
        first: (..., H, W) in [0, peak], H and W at least 7; leading axes broadcast against `second`.
        second: likewise, the same H and W.
        peak: largest possible value.

    Returns:
        (...) in [-1, 1]; the mean over its channels is the SSIM of a colour picture.

    Raises:
        ValueError: H or W differ or are below 7.
    """
    _check(first, second, UNIFORM_SIDE)
    pixels = UNIFORM_SIDE**2
    return _similarity(first, second, _uniform_mean, peak=peak, unbias=pixels / (pixels - 1), clamp=False)


def stabilisers(peak: float) -> tuple[float, float]:
    """C1 and C2 of Wang et al., for values in [0, peak]."""
    return (_K1 * peak) ** 2, (_K2 * peak) ** 2


def _similarity(
    first: NDArray[Any],
    second: NDArray[Any],
    mean: Callable[[Float64Array], Float64Array],
    *,
    peak: float,
    unbias: float,
    clamp: bool,
) -> Float64Array:
    x, y = first.astype(np.float64), second.astype(np.float64)
    mean_x, mean_y = mean(x), mean(y)
    spread = unbias * (mean(x * x) - mean_x**2 + mean(y * y) - mean_y**2)
    covariance = unbias * (mean(x * y) - mean_x * mean_y)
    c1, c2 = stabilisers(peak)
    structure = (2 * covariance + c2) / (spread + c2)
    if clamp:
        structure = np.maximum(structure, 0.0)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    average: Float64Array = np.mean(luminance * structure, axis=(-2, -1))
    return average


def _gaussian_mean(x: Float64Array) -> Float64Array:
    border = slice(GAUSSIAN_SIDE // 2, -(GAUSSIAN_SIDE // 2))
    rows: Float64Array = correlate1d(x, GAUSSIAN, axis=-2)[..., border, :]
    return correlate1d(rows, GAUSSIAN, axis=-1)[..., border]


def _uniform_mean(x: Float64Array) -> Float64Array:
    border = slice(UNIFORM_SIDE // 2, -(UNIFORM_SIDE // 2))
    return uniform_filter(x, size=UNIFORM_SIDE, axes=(-2, -1))[..., border, border]


def _check(first: NDArray[Any], second: NDArray[Any], side: int) -> None:
    sizes = first.shape[-2:], second.shape[-2:]
    if sizes[0] != sizes[1] or min(sizes[0]) < side:
        raise ValueError(f"sizes must be equal and at least {side} pixels, found {sizes[0]} and {sizes[1]}")
