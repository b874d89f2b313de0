"""Streaks of both renderers: opacity, direction, conservation of what is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.standins.rain.noise_streaks import noise_streaks
from unirain_core.standins.rain.streaks import Layer, layer_opacity, splat, streaks


def layer(angle):
    return Layer(count=150, length=25, width=0.7, peak=0.5, angle=angle, jitter=0)


def slope_energy(field):
    """Squared differences (across, down)."""
    return (np.diff(field, axis=1) ** 2).sum(), (np.diff(field, axis=0) ** 2).sum()


@given(st.lists(st.tuples(st.floats(0, 6.99), st.floats(0, 4.99), st.floats(0, 10)), min_size=1, max_size=20))
def test_splatting_conserves_what_falls_inside(points):
    x, y, values = (np.array(column) for column in zip(*points, strict=True))

    np.testing.assert_allclose(splat(x, y, values, shape=(6, 8)).sum(), values.sum(), rtol=1e-5, atol=1e-5)


def test_a_point_between_four_pixels_is_shared_by_distance():
    shares = splat(np.array([1.25]), np.array([0.5]), np.array([8.0]), shape=(3, 4))

    np.testing.assert_array_equal([[0, 3, 1, 0], [0, 3, 1, 0], [0, 0, 0, 0]], shares)


def test_points_outside_are_lost():
    assert 0 == splat(np.array([-2.0, 9.0]), np.array([1.0, 1.0]), np.ones(2), shape=(4, 4)).sum()


def test_vertical_streaks_vary_across_and_hardly_down():
    across, down = slope_energy(layer_opacity(layer(0), 128, 128, np.random.default_rng(0)))

    assert across > 20 * down


def test_a_turn_by_ninety_degrees_swaps_the_directions():
    across, down = slope_energy(layer_opacity(layer(90), 128, 128, np.random.default_rng(0)))

    assert down > 20 * across


def test_an_isolated_streak_peaks_below_its_layers_peak():
    lone = Layer(count=1, length=40, width=1.5, peak=0.5, angle=0, jitter=0)
    peaks = [layer_opacity(lone, 128, 128, np.random.default_rng(seed))[:, 8:-8].max() for seed in range(30)]

    assert 0.15 < max(peaks) < 0.5 * 1.16


@pytest.mark.parametrize("renderer", [streaks, noise_streaks])
@given(seed=st.integers(0, 2**32), height=st.integers(64, 128), width=st.integers(64, 128))
def test_opacity_is_a_share_and_rain_falls_everywhere(renderer, seed, height, width):
    rain = renderer(height, width, np.random.default_rng(seed))

    assert (height, width) == rain.opacity.shape
    assert np.float32 == rain.opacity.dtype
    assert rain.opacity.min() >= -1e-6
    assert 0 < rain.opacity.max() < 1
    assert 0.25 <= rain.density <= 1


def test_heavier_rain_covers_more():
    light, heavy = (streaks(96, 144, np.random.default_rng(3), density=d).opacity.mean() for d in (0.25, 1.0))

    assert heavy > 1.5 * light
