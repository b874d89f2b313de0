"""What a rainy picture shows beyond its clean one: rain, or the traces of an encoder and of resampling."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Luma = NDArray[np.float32]
"""(H, W) in [0, 1]."""

_REACH = 2
"""Pixels around each one of which the fit mixes the clean picture: bicubic resampling reaches as far."""

SMALLEST = 7
"""Side in pixels of the smallest picture that can be told apart: one pixel in the middle and its reach, filtered."""

_SAMPLES = 40_000
"""Pixels on which the fit rests, evenly spread: 27 unknowns need no more."""

_ROBUST_SHARE = 0.9
"""The fit is made again on this share of the pixels, so that heavy rain does not steer it."""

_ACTIVITY_WEIGHT = 0.15
"""Share of the local contrast that is expected as residue: encoders err along edges and in texture."""

_PERCENTILE = 99.95
"""How rare the strongest residue may be: sparse rain covers few pixels, one stray pixel is no rain."""

_LARGEST = 2048
"""Of a larger picture the middle is looked at; pixels."""


def texture(grey: Luma) -> float:
    """Mean gradient of a luma, in grey levels per pixel."""
    return 255 * float(ndimage.gaussian_gradient_magnitude(grey, 1.0).mean())


def rain_strength(rainy: Luma, clean: Luma) -> float:
    """Strength of the rain: the largest local difference that encoding, resampling and brightness do not explain.

    The rainy picture is first explained as far as possible by a mix of the clean one's neighbouring pixels, which
    covers blur, sharpening, shifts and changes of brightness. The rest is smoothed, because an encoder's errors swing
    around zero and a streak does not, and divided by 1 plus a share of the local contrast.

    Args:
        rainy: (H, W).
        clean: the same shape, at least `SMALLEST` pixels along each side.

    Returns:
        About grey levels; below 4 for re-encoded and resampled copies, above 7 for pairs of public sets
        (`benchmarks/no_rain.py`).
    """
    first, second = 255 * _middle(rainy), 255 * _middle(clean)
    residue = ndimage.gaussian_filter(_unexplained(first, second), 1.0)
    strength = residue / (1 + _ACTIVITY_WEIGHT * _local_contrast(second))
    inner = strength[_REACH:-_REACH, _REACH:-_REACH]
    low, high = np.percentile(inner, [100 - _PERCENTILE, _PERCENTILE])
    return float(max(high, -low))


def _middle(grey: Luma) -> Luma:
    top, left = (max(0, (side - _LARGEST) // 2) for side in grey.shape)
    return grey[top : top + _LARGEST, left : left + _LARGEST]


def _unexplained(rainy: Luma, clean: Luma) -> Luma:
    """Rainy less the best mix of the clean pixels around each pixel, of the clean pixel's square, and a constant."""
    coefficients = _mix(rainy, clean)
    side = 2 * _REACH + 1
    kernel = coefficients[: side * side].reshape(side, side)
    explained = ndimage.correlate(clean, kernel, mode="nearest")
    square, constant = coefficients[side * side :]
    residue: Luma = rainy - explained - square * clean**2 - constant
    return residue


def _mix(rainy: Luma, clean: Luma) -> NDArray[np.float32]:
    """Coefficients of the mix, by least squares, made twice: the second time without the worst pixels."""
    step = max(1, int(np.sqrt(clean.size / _SAMPLES)))
    inner = tuple(slice(_REACH, side - _REACH, step) for side in clean.shape)
    columns = []
    for down in range(-_REACH, _REACH + 1):
        for right in range(-_REACH, _REACH + 1):
            rows = slice(_REACH + down, clean.shape[0] - _REACH + down, step)
            places = slice(_REACH + right, clean.shape[1] - _REACH + right, step)
            columns.append(clean[rows, places].ravel())
    columns += [clean[inner].ravel() ** 2, np.ones_like(columns[0])]
    design: NDArray[np.float64] = np.stack(columns, axis=1).astype(np.float64)
    target: NDArray[np.float64] = rainy[inner].ravel().astype(np.float64)
    coefficients = _least_squares(design, target)
    errors: NDArray[np.float64] = np.abs(target - design @ coefficients)
    is_usual = errors <= np.quantile(errors, _ROBUST_SHARE)
    return _least_squares(design[is_usual], target[is_usual]).astype(np.float32)


def _least_squares(design: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients; a little ridge keeps a flat picture, whose columns are all equal, from breaking the solution."""
    ridge: NDArray[np.float64] = 1e-6 * len(target) * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(design.T @ design + ridge, design.T @ target), dtype=np.float64)


def _local_contrast(grey: Luma) -> Luma:
    """Standard deviation around each pixel."""
    mean = ndimage.gaussian_filter(grey, 2.0)
    # the picture's mean is taken off first: a variance is a difference of squares, which float32 rounds
    squares = ndimage.gaussian_filter((grey - grey.mean()) ** 2, 2.0)
    variance = squares - (mean - grey.mean()) ** 2
    contrast: Luma = np.sqrt(np.maximum(variance, 0))
    return contrast
