import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.reweight.slope import convergence_slope, slope_signal_to_noise

curves = st.lists(st.floats(0, 10), min_size=2, max_size=50)


@given(curves, st.integers(0, 2**32))
def test_slope_agrees_with_least_squares(values, seed):
    gaps = np.random.default_rng(seed).integers(1, 4, len(values))
    updates = np.cumsum(gaps).astype(np.float64)
    oracle = np.polyfit(updates - updates.mean(), values, deg=1)[0]

    np.testing.assert_allclose(
        convergence_slope(updates[None], np.array([values]))[0], oracle, rtol=1e-7, atol=1e-9
    )


@given(st.floats(-1e100, 1e100), st.integers(2, 20))
def test_a_constant_has_slope_zero_exactly(value, size):
    slope = convergence_slope(np.arange(float(size))[None], np.full((1, size), value))

    assert slope.tolist() == [0.0]


@given(curves, st.integers(0, 10**9))
def test_slope_does_not_depend_on_when_the_window_lies(values, shift):
    updates = np.arange(float(len(values)))[None]
    losses = np.array([values])

    assert convergence_slope(updates, losses).tolist() == convergence_slope(updates + shift, losses).tolist()


def noisy_slopes(signal, noise, window, updates=4000, seed=0):
    """Slopes of a steady fall with independent noise in each loss."""
    rng = np.random.default_rng(seed)
    losses = signal * np.arange(updates) + noise * rng.standard_normal(updates)
    ends = range(window, updates + 1)
    steps = np.arange(float(window))[None]
    return np.array([[convergence_slope(steps, losses[None, end - window : end])[0] for end in ends]])


@pytest.mark.parametrize("ratio", [0.5, 1.0, 4.0])
def test_the_signal_to_noise_of_slopes_is_the_slope_over_its_standard_error(ratio):
    """The standard error of a slope over N points is noise x sqrt(12 / (N (N^2 - 1)))."""
    window = 5
    error = 0.02 * np.sqrt(12 / (window * (window**2 - 1)))
    slopes = noisy_slopes(-ratio * error, 0.02, window)

    assert slope_signal_to_noise(slopes, window)[0] == pytest.approx(ratio, rel=0.15)


def test_the_signal_to_noise_of_noise_is_small_and_of_a_clean_curve_large():
    noise = slope_signal_to_noise(noisy_slopes(0.0, 0.02, 5), 5)
    curve = 0.3 + 0.7 * np.exp(-np.arange(300) / 60)
    steps = np.arange(10.0)[None]
    slopes = np.array([[convergence_slope(steps, curve[None, end - 10 : end])[0] for end in range(10, 301)]])

    assert noise[0] < 0.3
    assert slope_signal_to_noise(slopes, 10)[0] > 5


def test_slopes_that_are_not_there_are_left_out_and_too_few_have_no_ratio():
    slopes = np.array([[np.nan, 1.0, np.nan, 1.0, 1.0, 2.0], [np.nan] * 6])
    first, second = slope_signal_to_noise(slopes, 2)

    # pairs (1, 1) and (1, 2): mean product 1.5, half of the mean squared difference 0.25
    assert first == pytest.approx(np.sqrt(1 * 1 + 1 * 2) / np.sqrt(1 / 2))
    assert np.isnan(second)
