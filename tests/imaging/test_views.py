"""Views of a picture: the hash of the right window meets the crop's own, a mirrored hash is the mirrored picture's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from unirain_core.imaging.hashes import difference_hash
from unirain_core.imaging.views import DETAIL, N_WINDOWS, detail, likeness, mirrored, views, windows

WHOLE = (0.0, 0.0, 1.0, 1.0)


def picture(seed, height=160, width=240):
    """Smooth noise with structure at every size that a small copy shows."""
    rng = np.random.default_rng(seed)
    grey = np.zeros((height, width))
    for size in (3, 8, 20):
        grey += size * gaussian_filter(rng.normal(size=grey.shape), size)
    grey = (grey - grey.min()) / (grey.max() - grey.min())
    return np.repeat(np.rint(grey * 255).astype(np.uint8)[:, :, None], 3, axis=2)


def bits(first, second):
    return int(np.bitwise_count(first ^ second).sum())


def test_the_first_hash_is_the_difference_hash_of_the_whole():
    image = picture(0)

    assert difference_hash(image) == views(image).hashes[0].tobytes()


@given(st.integers(0, 50))
def test_a_mirrored_hash_is_the_hash_of_the_mirrored_picture(seed):
    image = picture(seed)
    seen, other = views(image), views(np.ascontiguousarray(image[:, ::-1]))

    # the corners change places: left and right ones
    assert bits(mirrored(seen.hashes)[[0, 2, 1, 4, 3, 5, 6, 7]], other.hashes) <= 2 * N_WINDOWS


def test_mirroring_twice_changes_nothing():
    hashes = np.random.default_rng(0).integers(0, 256, (5, N_WINDOWS, 32), dtype=np.uint8)

    np.testing.assert_array_equal(hashes, mirrored(mirrored(hashes)))


@pytest.mark.parametrize(
    ("window", "crop"),
    [
        (1, lambda i: i[8:, 8:]),
        (2, lambda i: i[8:, :-8]),
        (3, lambda i: i[:-8, 8:]),
        (4, lambda i: i[:-8, :-8]),
        (5, lambda i: i[8:-8, 8:-8]),
        (6, lambda i: i[3:-3, 5:-5]),
        (7, lambda i: i[8:-8, 12:-12]),
    ],
)
def test_a_crop_has_the_hash_of_its_window(window, crop):
    image = picture(3)
    cropped = views(np.ascontiguousarray(crop(image))).hashes[0]
    seen = views(image).hashes

    assert bits(seen[window], cropped) <= 10 < bits(seen[0], cropped)


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_windows_lie_inside_the_picture_and_hold_half_of_each_side(height, width):
    boxes = windows(height, width)

    assert N_WINDOWS == len(boxes)
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert min(right - left, bottom - top) >= 0.5


def test_likeness_is_one_for_the_same_picture_whatever_its_contrast_and_low_for_another():
    first = views(picture(1)).small
    darker = (first * 0.6 + 20).astype(np.uint8)

    assert likeness(first, WHOLE, first, mirror=False) == pytest.approx(1)
    assert likeness(first, WHOLE, darker, mirror=False) > 0.99
    assert likeness(first, WHOLE, first[:, ::-1], mirror=True) == pytest.approx(1)
    assert abs(likeness(first, WHOLE, views(picture(2)).small, mirror=False)) < 0.4


def test_a_smooth_sky_has_no_detail():
    sky = np.repeat(np.linspace(100, 200, 160)[:, None], 240, axis=1).astype(np.uint8)

    assert (
        detail(views(np.repeat(sky[:, :, None], 3, axis=2)).small) < DETAIL < detail(views(picture(0)).small)
    )
