"""Light: filters, daylight, night, drops on the glass, the camera."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from unirain_core.imaging.colour import luma
from unirain_core.standins.rain.camera import Camera
from unirain_core.standins.rain.drops import drop_map, seen_through, wet_glass
from unirain_core.standins.rain.filters import blur, low_frequency
from unirain_core.standins.rain.grading import overcast, saturated, veiled
from unirain_core.standins.rain.night import night_scene, toned

seeds = st.integers(0, 2**32)


def picture(seed=0, height=96, width=144):
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


@pytest.mark.parametrize("sigma", [0.7, 3.0, 6.0, 14.0])
def test_blur_agrees_with_a_plain_gaussian(sigma):
    field = picture()[..., 0]
    oracle = ndimage.gaussian_filter(field.astype(np.float64), sigma, truncate=3.0)
    inner = np.s_[24:-24, 24:-24]

    np.testing.assert_allclose(oracle[inner], blur(field, sigma)[inner], atol=0.02)


@pytest.mark.parametrize("sigma", [0.7, 14.0])
def test_blur_treats_channels_alike(sigma):
    colours = picture()

    np.testing.assert_allclose(blur(colours[..., 1], sigma), blur(colours, sigma)[..., 1], atol=1e-6)


@given(seeds, st.floats(4, 40))
def test_low_frequency_noise_is_about_zero_and_smooth(seed, spread):
    noise = low_frequency(96, 144, spread, np.random.default_rng(seed))

    assert (96, 144) == noise.shape
    assert abs(noise.mean()) < 1
    assert np.abs(np.diff(noise, axis=1)).max() < 3 / spread * 2


def test_saturation_zero_is_grey_and_one_changes_nothing():
    colours = picture()

    np.testing.assert_allclose(colours, saturated(colours, 1.0), atol=1e-6)
    np.testing.assert_allclose(0, np.ptp(saturated(colours, 0.0), axis=2), atol=1e-6)


@given(seeds, st.floats(0.05, 1))
def test_an_overcast_picture_passes_for_day(seed, gain):
    grey = overcast(picture() * np.float32(gain), np.random.default_rng(seed))

    assert 0.2 < np.median(luma(grey)) < 0.55


def test_mist_without_density_hides_nothing():
    colour = np.ones(3, dtype=np.float32)
    clear = veiled(picture(), density=0.0, colour=colour, rng=np.random.default_rng(0))

    np.testing.assert_allclose(picture(), clear, atol=1e-6)


def test_mist_grows_towards_the_top():
    black, white = np.zeros((96, 144, 3), dtype=np.float32), np.ones(3, dtype=np.float32)
    misty = veiled(black, density=1.0, colour=white, rng=np.random.default_rng(0))

    assert misty[:20].mean() > misty[-20:].mean() + 0.2


@given(st.floats(0, 50), st.floats(0, 50))
def test_the_tone_curve_keeps_the_order_of_lights(first, second):
    low, high = sorted((first, second))
    values = toned(np.array([low, high]))

    assert 0 <= values[0] <= values[1] <= 1


@given(seeds)
def test_a_night_is_dark_but_for_its_lamps(seed):
    night = night_scene(picture(seed=1), np.random.default_rng(seed))

    assert np.median(luma(toned(night.light))) < 0.6
    assert night.light.max() > 2
    assert night.lamps.min() >= 0


def test_a_dry_glass_hides_nothing():
    rng = np.random.default_rng(0)
    dry = replace(wet_glass(rng, night=False), count=0)

    np.testing.assert_array_equal(picture(), seen_through(picture(), dry, rng))


@given(seeds, st.booleans())
def test_drops_cover_some_of_the_glass(seed, night):
    rng = np.random.default_rng(seed)
    cover = drop_map(128, 192, wet_glass(rng, night=night), rng).cover

    assert cover.min() >= 0
    assert cover.max() <= 1
    assert 0.005 < cover.mean() < 0.6


def test_light_behind_drops_stays_positive_and_unbounded():
    rng = np.random.default_rng(4)
    light = picture() * 5
    seen = seen_through(light, wet_glass(rng, night=True), rng)

    assert np.float32 == seen.dtype
    assert seen.min() >= 0
    assert seen.max() > 1


def test_a_camera_darkens_the_corners():
    grey = np.full((96, 144, 3), 0.5, dtype=np.float32)
    exposed = Camera.drawn(np.random.default_rng(0)).exposed(grey)

    assert exposed[0, 0].mean() < exposed[48, 72].mean()


def test_a_noisier_camera_spreads_a_flat_grey_more():
    camera, grey = Camera.drawn(np.random.default_rng(0)), np.full((96, 144, 3), 0.5, dtype=np.float32)
    spreads = [
        replace(camera, shot_noise=noise).developed(grey, np.random.default_rng(1)).std()
        for noise in (1e-5, 1e-2)
    ]

    assert spreads[1] > 3 * spreads[0]
