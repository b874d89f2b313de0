"""Difference hashes and the neighbour search."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.geometry import resize
from unirain_core.imaging.hashes import difference_hash, hamming, near_pairs

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


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=6), st.integers(0, 256))
def test_near_pairs_agree_with_comparing_all_with_all(distinct, bits):
    hashes = [*distinct, *distinct[:3]]
    expected = [
        (i, j)
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if hamming(hashes[i], hashes[j]) <= bits
    ]

    assert expected == list(near_pairs(hashes, bits))


def test_near_pairs_are_found_across_blocks():
    hashes = [int(i).to_bytes(32) for i in np.random.default_rng(0).integers(2**40, 2**60, 1200)]
    hashes[1100] = hashes[3]
    found = list(near_pairs(hashes, 0))

    assert found == [(3, 1100)]


def test_opposite_hashes_are_256_bits_apart():
    opposite = [b"\0" * 32, b"\xff" * 32]

    assert list(near_pairs(opposite, 256)) == [(0, 1)]
    assert not list(near_pairs(opposite, 255))
