"""PSNR against hand numbers and scikit-image."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from unirain_core.imaging.psnr import psnr


def test_an_error_of_51_levels_everywhere_is_14_db():
    clean = np.zeros((4, 4, 3), np.uint8)

    assert psnr(clean + np.uint8(51), clean, floor=0.0) == pytest.approx(20 * math.log10(5))


def test_equal_pictures_score_80_db():
    picture = np.full((3, 5, 3), 7, np.uint8)

    assert psnr(picture, picture) == pytest.approx(80.0, abs=1e-12)


def test_without_a_floor_equal_pictures_score_infinity():
    picture = np.full((3, 5, 3), 7, np.uint8)

    assert psnr(picture, picture, floor=0.0) == math.inf


@given(st.integers(0, 2**32 - 1))
def test_psnr_agrees_with_scikit_image(seed):
    first, second = np.random.default_rng(seed).integers(0, 256, (2, 9, 8, 3), dtype=np.uint8)

    assert psnr(first, second, floor=0.0) == pytest.approx(peak_signal_noise_ratio(second, first), abs=1e-12)


def test_psnr_does_not_wrap_around_in_8_bits():
    dark, bright = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)

    assert psnr(dark, bright, floor=0.0) == psnr(bright, dark, floor=0.0) == 0.0


def test_pictures_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="shapes differ"):
        psnr(np.zeros((2, 3, 3), np.uint8), np.zeros((3, 2, 3), np.uint8))
