"""Every protocol against an oracle written out here."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import correlate
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from unirain_core.imaging.protocols import prepared, psnr_by, ssim_by

SEEDS = st.integers(0, 2**32 - 1)


def pair(seed, height=35, width=40):
    rng = np.random.default_rng(seed)
    clean = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    noisy = np.clip(clean + rng.normal(0, rng.uniform(5, 90), clean.shape), 0, 255).astype(np.uint8)
    return noisy, clean


def pyiqa_ssim(first, second):
    """Y of YIQ in 0..255, rounded; one 11 x 11 filter; whole windows; contrast-structure clamped at 0."""
    x, y = (
        np.rint((i.astype(np.float32) / 255 @ np.array([0.299, 0.587, 0.114], np.float32)) * 255).astype(
            np.float64
        )
        for i in (first, second)
    )
    bell = np.exp(-((np.arange(11) - 5) ** 2) / 4.5)
    window = np.outer(bell, bell) / bell.sum() ** 2

    def mean(z):
        return correlate(z, window)[5:-5, 5:-5]

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    structure = np.maximum((2 * vxy + c2) / (vx + vy + c2), 0)
    return float(((2 * mx * my + c1) / (mx**2 + my**2 + c1) * structure).mean())


@given(SEEDS)
def test_unirain_is_pyiqa_s_arithmetic(seed):
    restored, clean = pair(seed)
    error = np.mean((restored / 255.0 - clean / 255.0) ** 2)

    assert psnr_by("unirain", restored, clean) == pytest.approx(10 * math.log10(1 / (error + 1e-8)), abs=1e-9)
    assert ssim_by("unirain", restored, clean) == pytest.approx(pyiqa_ssim(restored, clean), abs=1e-9)


@given(SEEDS)
def test_skimage_rgb_is_scikit_image_s_default(seed):
    restored, clean = pair(seed)
    psnr, ssim = psnr_by("skimage_rgb", restored, clean), ssim_by("skimage_rgb", restored, clean)

    assert psnr == pytest.approx(peak_signal_noise_ratio(clean, restored), abs=1e-9)
    assert ssim == pytest.approx(structural_similarity(clean, restored, channel_axis=2), abs=1e-9)


@pytest.mark.parametrize("measure", [psnr_by, ssim_by])
def test_unirain_test_is_skimage_rgb_on_the_centre_crop(measure):
    restored, clean = pair(0, 35, 50)
    cropped = measure("skimage_rgb", restored[1:33, 1:49], clean[1:33, 1:49])

    assert cropped == measure("unirain_test", restored, clean)
    assert cropped != measure("skimage_rgb", restored, clean)


def test_equal_pictures_score_80_db_by_unirain_and_infinity_by_the_others():
    _, clean = pair(1)

    assert psnr_by("unirain", clean, clean) == pytest.approx(80.0, abs=1e-12)
    assert math.inf == psnr_by("skimage_rgb", clean, clean) == psnr_by("unirain_test", clean, clean)
    assert ssim_by("unirain", clean, clean) == pytest.approx(1.0, abs=1e-12)


def test_only_unirain_test_shows_the_network_a_crop():
    picture, _ = pair(3, 35, 50)

    assert prepared("unirain_test", picture).shape == (32, 48, 3)
    assert prepared("unirain", picture).shape == prepared("skimage_rgb", picture).shape == (35, 50, 3)
