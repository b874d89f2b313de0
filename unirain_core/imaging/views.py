"""A picture as copies of it may look: hashes of the whole and of cropped windows, mirrored or not, and a small grey copy.

A crop by 8 pixels moves a hash of the whole by dozens of bits; beside the hash of the right window it moves by about one.
A mirrored picture has the same bits in another order, so that it costs no hash of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import uniform_filter

from unirain_core.imaging.codec import RgbImage, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.hashes import SIDE

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture's sides."""
Octets = NDArray[np.uint8]

CROP = 8
"""Pixels that a crop takes away at one or two edges, most of all at a corner: the usual slip of loaders and repacks."""
BORDERS = (0.02, 0.05)
"""Shares of a side that a crop takes away all around."""
SMALL = 32
"""Side of the grey copy on which two pictures are compared after their hashes agree."""
DETAIL = 0.4
"""Grey levels of fine structure below which a small copy is all noise, so that a hash says nothing: rounding to whole levels alone
makes 0.3. At 1.0, 6 % of patches of 128 pixels were below it."""


def windows(height: int, width: int) -> tuple[Box, ...]:
    """The whole picture, then its corners and its middle without `CROP` pixels, then its middle without `BORDERS`.

    >>> len(windows(256, 384)), windows(256, 400)[1]
    (8, (0.02, 0.03125, 1.0, 1.0))
    """
    x, y = min(CROP / width, 0.25), min(CROP / height, 0.25)
    corners = ((x, y, 1.0, 1.0), (0.0, y, 1 - x, 1.0), (x, 0.0, 1.0, 1 - y), (0.0, 0.0, 1 - x, 1 - y))
    middles = ((x, y, 1 - x, 1 - y), *((b, b, 1 - b, 1 - b) for b in BORDERS))
    return ((0.0, 0.0, 1.0, 1.0), *corners, *middles)


N_WINDOWS = 5 + 1 + len(BORDERS)


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """How a picture is looked for."""

    hashes: Octets
    """(N_WINDOWS, 32) difference hashes, of the whole first."""
    small: Octets
    """(SMALL, SMALL) luma, 0 to 255."""
    height: int
    width: int


_AROUND = 2
"""Pixels of a small copy to each side of a pixel that make its neighbourhood."""


def views(image: RgbImage) -> Views:
    """Hashes and small copy of (H, W, 3) uint8."""
    grey = np.ascontiguousarray(luma(to_float(image)))
    height, width = grey.shape
    small = np.rint(np.clip(resampled(grey, SMALL, SMALL) * 255, 0, 255)).astype(np.uint8)
    return Views(_hashes(grey), small, height, width)


def rain_views(rainy: RgbImage, clean: RgbImage) -> Octets:
    """(N_WINDOWS, 32) hashes of what the rain adds, as `imaging.hashes.rain_hash` for the whole.

    Args:
        rainy: (H, W, 3) uint8.
        clean: the same shape.
    """
    return _hashes(np.ascontiguousarray(luma(to_float(rainy)) - luma(to_float(clean))))


def mirrored(hashes: Octets) -> Octets:
    """The hashes of the mirrored pictures: each row's bits in reverse order, and each turned over.

    Args:
        hashes: (..., 32).
    """
    signs = np.unpackbits(hashes, axis=-1).reshape(*hashes.shape[:-1], SIDE, SIDE)
    return np.packbits(1 - signs[..., ::-1], axis=-1).reshape(hashes.shape)


def detail(small: Octets) -> float:
    """Fine structure of a small copy, grey levels."""
    return float(_fine(small.astype(np.float32)).std())


def likeness(first: Octets, box: Box, second: Octets, *, mirror: bool) -> float:
    """Correlation of the fine structure of a window of one small copy with another small copy.

    Brightness and contrast do not count. Copies reach 0.8 and more, frames of one place some moments apart 0.4, strangers
    less (`python -m benchmarks.leakage`).

    Args:
        first: (SMALL, SMALL).
        box: window of the first, after it was mirrored.
        second: (SMALL, SMALL).
        mirror: whether the first is mirrored.
    """
    grey = (first[:, ::-1] if mirror else first).astype(np.float32)
    part = resampled(np.ascontiguousarray(grey), SMALL, SMALL, box)
    one, other = _fine(part), _fine(second.astype(np.float32))
    return float((one * other).sum() / max(np.sqrt((one**2).sum() * (other**2).sum()), 1e-9))


def resampled(
    grey: NDArray[np.float32], height: int, width: int, box: Box = (0.0, 0.0, 1.0, 1.0)
) -> NDArray[np.float32]:
    """A window of a grey picture in another size, with antialias."""
    rows, columns = grey.shape
    place = (box[0] * columns, box[1] * rows, box[2] * columns, box[3] * rows)
    picture = Image.fromarray(grey).resize((width, height), Image.Resampling.LANCZOS, box=place)
    return np.asarray(picture, dtype=np.float32)


def _hashes(grey: NDArray[np.float32]) -> Octets:
    """Of every window."""
    return np.stack([_hash(grey, box) for box in windows(*grey.shape)])


def _hash(grey: NDArray[np.float32], box: Box) -> Octets:
    small = resampled(grey, SIDE, SIDE + 1, box)
    return np.packbits(small[:, :-1] < small[:, 1:])


def _fine(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the mean of each pixel's neighbourhood; pixels at the edge have no whole one: there a clear sky would show lines."""
    fine: NDArray[np.float32] = grey - uniform_filter(grey, 2 * _AROUND + 1, mode="nearest")
    return fine[_AROUND:-_AROUND, _AROUND:-_AROUND]
