"""SSIM against scikit-image and its own laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from unirain_core.imaging.ssim import gaussian_ssim, uniform_ssim


def grey_pair(seed, height=33, width=21):
    rng = np.random.default_rng(seed)
    clean = rng.random((height, width)).cumsum(axis=1) / width
    return clean, np.clip(clean + rng.normal(0, 0.1, clean.shape), 0, 1)


@given(st.integers(0, 2**32 - 1))
def test_the_gaussian_window_agrees_with_scikit_image(seed):
    first, second = grey_pair(seed)
    oracle = structural_similarity(
        first, second, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0
    )

    assert gaussian_ssim(first, second, peak=1.0) == pytest.approx(oracle, abs=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_the_uniform_window_agrees_with_scikit_image(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 256, (2, 19, 24, 3), dtype=np.uint8)
    oracle = structural_similarity(first, second, channel_axis=2, data_range=255)
    channels = uniform_ssim(np.moveaxis(first, 2, 0), np.moveaxis(second, 2, 0), peak=255)

    assert channels.mean() == pytest.approx(oracle, abs=1e-11)


@pytest.mark.parametrize("ssim", [gaussian_ssim, uniform_ssim])
def test_equal_pictures_score_one(ssim):
    picture, _ = grey_pair(0)

    assert ssim(picture, picture, peak=1.0) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("ssim", [gaussian_ssim, uniform_ssim])
def test_the_order_of_the_two_pictures_does_not_matter(ssim):
    first, second = grey_pair(1)

    assert float(ssim(first, second, peak=1.0)) == pytest.approx(float(ssim(second, first, peak=1.0)))


@pytest.mark.parametrize("ssim", [gaussian_ssim, uniform_ssim])
def test_one_picture_against_many_equals_one_by_one(ssim):
    query, _ = grey_pair(2)
    many = np.stack([grey_pair(seed)[1] for seed in range(3, 7)])
    expected = [float(ssim(query, one, peak=1.0)) for one in many]

    assert expected == ssim(query, many, peak=1.0).tolist()


def test_a_negative_of_a_picture_scores_below_zero_unless_clamped():
    rng = np.random.default_rng(3)
    picture = rng.random((32, 32))

    assert gaussian_ssim(picture, 1 - picture, peak=1.0) < 0
    assert gaussian_ssim(picture, 1 - picture, peak=1.0, clamp=True) >= 0


@pytest.mark.parametrize(("ssim", "side"), [(gaussian_ssim, 11), (uniform_ssim, 7)])
def test_a_picture_smaller_than_the_window_is_refused(ssim, side):
    small = np.zeros((side, side - 1))

    with pytest.raises(ValueError, match=f"at least {side} pixels"):
        ssim(small, small, peak=1.0)
