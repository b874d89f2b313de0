"""Perceptual hashes of pictures."""

import numpy as np
from numpy.typing import NDArray

from unirain_core.imaging.codec import RgbImage, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.geometry import resize_luma

SIDE = 16
"""Rows and columns of signs: SIDE * SIDE bits."""


def difference_hash(image: RgbImage) -> bytes:
    """256-bit difference hash: is each cell of a 16 x 17 grey copy darker than its right neighbour?

    Re-encoding moves at most some 24 bits, different pictures differ in 57 and more (100 Rain100H
    scenes); it is meant for the clean side, rain moves a median of 62.

    Args:
        image: (H, W, 3) uint8.

    Returns:
        32 bytes, row by row, most significant bit first.
    """
    return _signs(luma(to_float(image)))


def rain_hash(rainy: RgbImage, clean: RgbImage) -> bytes:
    """The same of what the rain adds: tells two rains over one scene from two copies of one pair.

    Two rains differ in about half of the bits, whatever the scene; a copy in few, as long as its
    rain is stronger than the loss of its encoding.

    Args:
        rainy: (H, W, 3) uint8.
        clean: the same shape.

    Returns:
        32 bytes.
    """
    return _signs(luma(to_float(rainy)) - luma(to_float(clean)))


def _signs(grey: NDArray[np.float32]) -> bytes:
    small = resize_luma(grey, SIDE, SIDE + 1)
    return np.packbits(small[:, :-1] < small[:, 1:]).tobytes()


def hamming(first: bytes, second: bytes) -> int:
    """Bits in which two hashes of equal length differ.

    >>> hamming(bytes([0b1010]), bytes([0b0110]))
    2
    """
    if len(first) != len(second):
        raise ValueError(f"lengths differ: {len(first)} and {len(second)} bytes")
    return (int.from_bytes(first) ^ int.from_bytes(second)).bit_count()
