"""Difference hashes of pictures."""

import numpy as np
from skimage import data

from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.geometry import resize
from unirain_core.imaging.hashes import difference_hash, hamming, rain_hash

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


def streaks(seed):
    """Bright streaks on black, as large as the photos."""
    rng = np.random.default_rng(seed)
    layer = np.zeros(ASTRONAUT.shape, np.uint8)
    for top, left in zip(rng.integers(0, 480, 900), rng.integers(0, 512, 900), strict=True):
        layer[top : top + 30, left] = 60
    return layer


def under(scene, layer):
    return np.minimum(scene.astype(np.int32) + layer, 255).astype(np.uint8)


def test_two_rains_over_one_scene_differ_and_one_rain_is_itself_over_another_scene():
    first, second = streaks(1), streaks(2)
    dark = ASTRONAUT // 2
    of_first = rain_hash(under(dark, first), dark)
    other_scene = np.ascontiguousarray(dark[::-1])

    assert hamming(of_first, rain_hash(under(dark, second), dark)) > 90
    assert of_first == rain_hash(under(other_scene, first), other_scene)


def test_opposite_hashes_are_256_bits_apart():
    assert hamming(b"\0" * 32, b"\xff" * 32) == 256
