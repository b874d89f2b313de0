"""Shifts, sizes and crops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.imaging.geometry import crop_to_multiple, phase_correlation, resize, resize_luma

rng = np.random.default_rng(11)
SCENE = rng.random((120, 140)).cumsum(axis=0).cumsum(axis=1)
SCENE = (SCENE / SCENE.max() + 0.2 * rng.random(SCENE.shape)).astype(np.float32)


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_a_crop_moved_by_some_pixels_is_found_at_that_offset(down, right):
    first = SCENE[10:106, 10:122]
    second = SCENE[10 - down : 106 - down, 10 - right : 122 - right]
    shift = phase_correlation(first, second)

    assert (down, right) == (shift.down, shift.right)
    assert shift.offset == max(abs(down), abs(right))


def test_the_peak_of_equal_pictures_is_one():
    assert phase_correlation(SCENE, SCENE).peak == pytest.approx(1.0, abs=1e-3)


def test_brightness_and_contrast_do_not_move_the_peak():
    shift = phase_correlation(SCENE, 0.3 * SCENE + 0.5)

    assert shift.offset == 0
    assert shift.peak == pytest.approx(1.0, abs=0.02)


def test_the_peak_of_unrelated_pictures_is_low():
    other = np.random.default_rng(12).random(SCENE.shape)

    assert phase_correlation(SCENE, other).peak < 0.08


def test_a_flat_picture_has_no_peak():
    assert phase_correlation(SCENE, np.full_like(SCENE, 0.5)).peak == 0.0


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="shapes differ"):
        phase_correlation(SCENE, SCENE[1:])


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 2, 8, 16]))
def test_a_crop_keeps_the_centre_and_loses_less_than_one_multiple(height, width, base):
    image = np.arange(height * width * 3, dtype=np.uint32).astype(np.uint8).reshape(height, width, 3)
    cropped = crop_to_multiple(image, base)
    top, left = height % base // 2, width % base // 2

    assert cropped.shape == (height - height % base, width - width % base, 3)
    np.testing.assert_array_equal(
        image[top : top + cropped.shape[0], left : left + cropped.shape[1]], cropped
    )


def test_resizing_keeps_a_flat_picture_flat():
    flat = np.full((40, 30, 3), 93, np.uint8)

    assert np.unique(resize(flat, 16, 17)).tolist() == [93]


def test_shrinking_averages_instead_of_picking():
    checks = np.indices((64, 64)).sum(axis=0) % 2

    np.testing.assert_allclose(resize_luma(checks.astype(np.float32), 8, 8)[1:-1, 1:-1], 0.5, atol=0.01)
