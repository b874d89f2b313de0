"""A picture on the grid on which every statistic is defined, and what the families share of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from unirain_core.imaging.codec import RgbImage, to_float
from unirain_core.imaging.colour import luma

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

FEATURE_VERSION = "1"
"""Raised with every change of a statistic: weights fitted to another version are refused."""

SHORT_SIDE, LONG_SIDE = 256, 384
"""Size of a frame in pixels: 256 x 384 for landscape pictures, 384 x 256 for portrait ones."""

BATCH = 8
"""Pictures, or questions of four pictures, that a stand-in holds in memory at once: 1.2 GB of 12 megapixels each."""

MASK_FLOOR = 0.05
"""Luma by which a mark must at least exceed its background."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture on the grid, float32, 0 to 1."""

    rgb: NDArray[np.float32]
    """(h, w, 3)."""
    luma: Plane
    """(h, w) Rec. 601."""
    background: Plane
    """(h, w) luma without small structures."""
    residual: Plane
    """(h, w) luma less background: rain, texture, noise."""
    marks: Mask
    """(h, w) where the residual stands out of the noise: candidates for rain."""


def frame_of(image: RgbImage) -> Frame:
    """Bring a picture of any size to the grid and split its luma into background and residual.

    The largest centred 3:2 window (2:3 of a portrait picture) is resized with antialiasing, so that nothing is
    squashed and a statistic in pixels means the same on both orientations.
    """
    rgb = to_float(on_grid(image))
    bright = luma(rgb)
    background = without_small_structures(bright)
    residual = bright - background
    return Frame(rgb, bright, background, residual, marked(bright, residual))


def luma_of(image: RgbImage) -> Plane:
    """The luma of a picture's frame; what else a frame holds costs ten times as much."""
    return luma(to_float(on_grid(image)))


def on_grid(image: RgbImage) -> RgbImage:
    """The largest centred window of the grid's shape, resized to it.

    >>> on_grid(np.zeros((600, 400, 3), np.uint8)).shape
    (384, 256, 3)
    """
    height, width = image.shape[:2]
    rows, columns = (SHORT_SIDE, LONG_SIDE) if width >= height else (LONG_SIDE, SHORT_SIDE)
    if (height, width) == (rows, columns):
        return image
    scale = min(height / rows, width / columns)
    top, left = (height - scale * rows) / 2, (width - scale * columns) / 2
    window = (left, top, left + scale * columns, top + scale * rows)
    resized = Image.fromarray(image).resize((columns, rows), Image.Resampling.BICUBIC, box=window)
    return np.asarray(resized, dtype=np.uint8)


def without_small_structures(plane: Plane) -> Plane:
    """Median over 18 x 18 pixels, computed at half size; same shape as the plane."""
    half = gaussian(plane, 1.0)[::2, ::2]
    middle = ndimage.median_filter(half, size=9)
    doubled = np.repeat(np.repeat(middle, 2, axis=0), 2, axis=1)[: plane.shape[0], : plane.shape[1]]
    return gaussian(doubled, 1.5)


def marked(plane: Plane, residual: Plane) -> Mask:
    """Where the residual exceeds the floor and three times the noise of the plane."""
    return residual > max(MASK_FLOOR, 3 * noise_sigma(plane))


def noise_sigma(plane: Plane) -> float:
    """Standard deviation of the noise, from the median of the crossed second differences (Immerkaer)."""
    rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    crossed = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.median(np.abs(crossed))) / (0.6745 * 6)


def gaussian(plane: Plane, sigma: float, truncate: float = 3.0) -> Plane:
    """Gaussian low-pass, borders reflected."""
    smooth: Plane = ndimage.gaussian_filter(plane, sigma, truncate=truncate)
    return smooth
