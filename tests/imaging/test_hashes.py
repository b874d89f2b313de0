"""Difference hashes and the neighbour search."""

import numpy as np
from skimage import data

from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.geometry import resize
from unirain_core.imaging.hashes import difference_hash, hamming

ASTRONAUT: RgbImage = data.astronaut()
COFFEE: RgbImage = data.coffee()


def test_a_ramp_that_brightens_to_the_right_is_all_ones():
    ramp = np.broadcast_to(np.arange(170, dtype=np.uint8)[None, :, None], (100, 170, 3))

    assert difference_hash(np.ascontiguousarray(ramp)) == b"\xff" * 32


def test_a_ramp_that_darkens_to_the_right_is_all_zeros():
    ramp = np.broadcast_to(np.arange(170, 0, -1, dtype=np.uint8)[None, :, None], (100, 170, 3))

    assert difference_hash(np.ascontiguousarray(ramp)) == b"\0" * 32


def test_half_the_size_is_the_same_picture_and_another_picture_is_not():
    half = resize(ASTRONAUT, 256, 256)

    assert hamming(difference_hash(ASTRONAUT), difference_hash(half)) <= 30
    assert hamming(difference_hash(ASTRONAUT), difference_hash(COFFEE)) > 57


def test_a_darker_copy_has_nearly_the_same_hash():
    darker = (ASTRONAUT * 0.5).astype(np.uint8)

    assert hamming(difference_hash(ASTRONAUT), difference_hash(darker)) <= 10


def test_opposite_hashes_are_256_bits_apart():
    assert hamming(b"\0" * 32, b"\xff" * 32) == 256
