import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.reweight.slope import convergence_slope

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
