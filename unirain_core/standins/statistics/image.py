"""Stand-in image vectors: edge directions, colours and texture by place."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from unirain_core.engine.pools import Device
from unirain_core.imaging.codec import RgbImage, to_float
from unirain_core.imaging.colour import luma
from unirain_core.standins.statistics.fitted import Fitted, fitted
from unirain_core.standins.statistics.frame import BATCH, Plane, gaussian, on_grid

Vector = NDArray[np.float64]

LAYOUT = (4, 6)
"""Rows and columns of cells whose edge directions are counted."""
ORIENTATIONS = 8
COLOUR_LAYOUT = (3, 4)
"""Rows and columns of cells whose colours are measured."""
LEVELS = 4
"""Pyramid levels whose texture is measured."""
EDGE_VALUES = LAYOUT[0] * LAYOUT[1] * ORIENTATIONS
COLOUR_VALUES = COLOUR_LAYOUT[0] * COLOUR_LAYOUT[1] * 6
TEXTURE_VALUES = LEVELS * 3
BLOCK_WEIGHTS = (1.0, 1.0, 2.0)
"""Of edge directions, colours, texture in the cosine."""


@dataclass(frozen=True, slots=True)
class StatisticsImageEncoder:
    """Stand-in without a model: edge directions, colours and texture by place, standardised."""

    fit: Fitted = field(default_factory=fitted)

    @property
    def name(self) -> str:
        """As `ImageEncoder.name`."""
        return f"statistics/layout@{self.fit.digest}"

    @property
    def device(self) -> Device:
        """Statistics need no GPU."""
        return "cpu"

    @property
    def batch(self) -> int:
        """As many as are held in memory at once; nothing is gained by more."""
        return BATCH

    def encode(self, images: Sequence[RgbImage]) -> NDArray[np.float32]:
        """(N, 276), as `ImageEncoder.encode`."""
        return np.stack([standardised(raw_vector(to_float(on_grid(image))), self.fit) for image in images])


def standardised(raw: Vector, fit: Fitted) -> NDArray[np.float32]:
    """(276,) of unit length: each value in the fit's deviations, each block by its weight whatever its size."""
    sizes = (EDGE_VALUES, COLOUR_VALUES, TEXTURE_VALUES)
    weight = np.repeat(np.array(BLOCK_WEIGHTS) / np.sqrt(sizes), sizes)
    vector = weight * (raw - fit.image_mean) / fit.image_scale
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def raw_vector(rgb: NDArray[np.float32]) -> Vector:
    """(276,) edge directions, colours and texture of (h, w, 3) in [0, 1], not standardised."""
    bright = luma(rgb)
    return np.concatenate([_edge_directions(bright), _colours(rgb, bright), _texture(bright)])


def _cells(shape: tuple[int, ...], layout: tuple[int, int]) -> NDArray[np.intp]:
    """(h, w) index of the cell that holds each pixel."""
    row, column = (np.arange(side) * parts // side for side, parts in zip(shape, layout, strict=True))
    return row[:, None] * layout[1] + column[None]


def _edge_directions(plane: Plane) -> Vector:
    smooth = gaussian(plane, 0.7)
    across, down = ndimage.sobel(smooth, axis=1), ndimage.sobel(smooth, axis=0)
    bins = (np.mod(np.arctan2(down, across), np.pi) / np.pi * ORIENTATIONS).astype(np.intp) % ORIENTATIONS
    place = _cells(plane.shape, LAYOUT) * ORIENTATIONS + bins
    counts = np.bincount(place.ravel(), np.hypot(across, down).ravel(), EDGE_VALUES)
    histograms = counts.reshape(-1, ORIENTATIONS)
    shares: Vector = histograms / (histograms.sum(axis=1, keepdims=True) + 0.5)
    return np.sqrt(shares).ravel()


def _colours(rgb: NDArray[np.float32], bright: Plane) -> Vector:
    """Mean and standard deviation of luma and two opponent colours in each cell."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    place = _cells(bright.shape, COLOUR_LAYOUT).ravel()
    pixels = np.bincount(place)
    values = []
    for plane in (bright, red - green, (red + green) / 2 - blue):
        mean = np.bincount(place, plane.ravel()) / pixels
        square = np.bincount(place, plane.ravel() ** 2) / pixels
        values += [mean, np.sqrt(np.maximum(square - mean**2, 0))]
    return np.concatenate(values)


def _texture(plane: Plane) -> Vector:
    """Strength, direction and peakedness of the band of each pyramid level."""
    values = []
    for _ in range(LEVELS):
        smooth = gaussian(plane, 1.0)
        band = plane - smooth
        sideways, downwards = (np.abs(np.diff(band, axis=axis)).mean() + 1e-4 for axis in (1, 0))
        square = band * band
        peaked = (square * square).mean() / (square.mean() ** 2 + 1e-8)
        values += [np.log(band.std() + 1e-3), np.log(sideways / downwards), np.log(peaked + 1)]
        plane = smooth[::2, ::2]
    return np.array(values, dtype=np.float64)
