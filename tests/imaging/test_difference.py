"""Rain is told from the traces of an encoder, of resampling and of brightness."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data

from unirain_core.imaging.codec import to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.difference import SMALLEST, rain_strength, texture
from unirain_core.imaging.geometry import resize

PHOTO = np.ascontiguousarray(data.astronaut()[:240, :320])
CLEAN = luma(to_float(PHOTO))


def encoded_again():
    buffer = io.BytesIO()
    Image.fromarray(PHOTO).save(buffer, "JPEG", quality=75)
    return luma(to_float(np.asarray(Image.open(buffer))))


def with_streaks():
    rainy = CLEAN.copy()
    rng = np.random.default_rng(0)
    for top, left in zip(rng.integers(0, 200, 60), rng.integers(0, 320, 60), strict=True):
        rainy[top : top + 30, left] += 0.2
    return np.clip(rainy, 0, 1)


@pytest.mark.parametrize(
    "copy",
    [
        CLEAN,
        encoded_again(),
        np.clip(0.8 * CLEAN + 0.1, 0, 1).astype(np.float32),
        ndimage.gaussian_filter(CLEAN, 0.7),
        luma(to_float(resize(resize(PHOTO, 200, 270), 240, 320))),
    ],
    ids=["itself", "encoded again", "brighter", "blurred", "resized"],
)
def test_a_copy_shows_no_rain(copy):
    assert rain_strength(copy, CLEAN) < 4


def test_streaks_are_rain():
    assert rain_strength(with_streaks(), CLEAN) > 7


def test_a_flat_picture_and_the_smallest_one_have_a_strength():
    flat = np.full((SMALLEST, SMALLEST), 0.5, dtype=np.float32)

    assert abs(rain_strength(flat, flat)) < 1e-3


def test_the_texture_of_a_ramp_is_its_step_and_of_a_flat_picture_nothing():
    ramp = np.tile(np.arange(100) / 255, (100, 1)).astype(np.float32)

    assert texture(ramp[:, 10:90]) == pytest.approx(1.0, abs=0.05)
    assert texture(np.full((50, 50), 0.3, dtype=np.float32)) == 0.0
