import numpy as np
import pytest
from PIL import Image

from unirain_core.standins.statistics.frame import frame_of, noise_sigma, on_grid


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(512, 768, (256, 384)), (100, 900, (256, 384)), (768, 512, (384, 256)), (300, 300, (256, 384))],
)
def test_landscape_and_portrait_pictures_have_their_own_grid(height, width, expected):
    assert (*expected, 3) == on_grid(np.zeros((height, width, 3), np.uint8)).shape


def test_a_picture_on_the_grid_is_left_alone():
    image = np.random.default_rng(0).integers(0, 256, (256, 384, 3), dtype=np.uint8)

    assert on_grid(image) is image


def test_nothing_is_squashed():
    square = np.zeros((600, 900, 3), np.uint8)
    square[200:400, 300:500] = 255
    tall = np.pad(square, ((300, 300), (0, 0), (0, 0)))  # 1200 x 900: a portrait window of 1200 x 800

    for image in (square, tall):
        rows, columns = np.nonzero(on_grid(image)[..., 0] > 127)
        assert abs(np.ptp(rows) - np.ptp(columns)) <= 1


def test_a_portrait_picture_is_measured_as_its_turned_self_is():
    image = np.random.default_rng(1).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    large = np.asarray(Image.fromarray(image).resize((500, 750)))
    upright, turned = frame_of(large), frame_of(np.rot90(large).copy())

    np.testing.assert_allclose(np.rot90(upright.luma), turned.luma, atol=2 / 255)


def test_background_and_residual_add_up_to_the_luma():
    frame = frame_of(np.random.default_rng(2).integers(0, 256, (256, 384, 3), dtype=np.uint8))

    np.testing.assert_allclose(frame.luma, frame.background + frame.residual, atol=1e-6)


def test_a_thin_bright_line_is_a_mark_and_a_wide_step_is_not():
    image = np.full((256, 384, 3), 60, np.uint8)
    image[:, 192:] = 120
    image[60:120, 100:102] = 200
    marks = frame_of(image).marks

    assert marks[70:110, 100:102].all()
    assert not marks[:, 150:180].any()
    assert not marks[:, 210:].any()


@pytest.mark.parametrize("sigma", [0.01, 0.05])
def test_the_noise_of_a_flat_picture_is_found(sigma):
    plane = 0.5 + sigma * np.random.default_rng(3).standard_normal((256, 384))

    assert sigma == pytest.approx(noise_sigma(plane.astype(np.float32)), rel=0.05)


def test_a_slope_has_no_noise():
    plane = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.float32)

    assert 0.0 == noise_sigma(plane)
