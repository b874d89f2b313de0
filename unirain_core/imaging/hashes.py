"""Perceptual hashes of pictures and the search for near ones."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from unirain_core.imaging.codec import RgbImage, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.geometry import resize_luma

SIDE = 16
"""Rows and columns of signs: SIDE * SIDE bits."""

_BLOCK = 512


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


def near_pairs(hashes: Sequence[bytes], bits: int) -> Iterator[tuple[int, int]]:
    """All i < j whose hashes differ in at most `bits` bits, in order of (i, j).

    Compares all with all, a block of rows at a time: for 10,000 hashes some seconds, memory
    proportional to their number.

    Args:
        hashes: N hashes of 32 bytes.
        bits: largest distance.
    """
    if not hashes:
        return
    words: NDArray[np.uint64] = np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(len(hashes), -1)
    for start in range(0, len(words), _BLOCK):
        rows = words[start : start + _BLOCK]
        distances = np.zeros((len(rows), len(words) - start), dtype=np.uint16)
        for column in range(words.shape[1]):
            distances += np.bitwise_count(rows[:, column, None] ^ words[start:, column])
        for i, j in np.argwhere(distances <= bits).tolist():
            if i < j:
                yield start + i, start + j
