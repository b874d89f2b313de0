import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.reweight.weights import above_floor, among_all, type_weights


def test_a_factor_of_one_is_balance_and_of_zero_stability():
    balance, stability = np.array([0.1, 0.9]), np.array([0.6, 0.4])

    np.testing.assert_allclose(type_weights(balance, stability, 1.0), balance, atol=1e-15)
    np.testing.assert_allclose(type_weights(balance, stability, 0.0), stability, atol=1e-15)


@given(st.integers(1, 8), st.floats(0, 1))
def test_equal_scores_stay_exactly_equal(types, factor):
    equal = np.full(types, 1 / types)

    assert equal.tolist() == type_weights(equal, equal, factor).tolist()


def test_a_type_without_a_slope_has_exactly_its_equal_share():
    weights = among_all(np.array([0.2, 0.8]), np.array([True, True, False]))

    assert weights[2] == 1 / 3
    np.testing.assert_allclose(weights.sum(), 1.0, atol=1e-15)


@given(st.floats(0, 0.25))
def test_no_weight_is_below_the_floor_and_the_sum_stays(floor):
    pressed = above_floor(np.array([0.0, 0.1, 0.2, 0.7]), floor)

    assert pressed.min() >= floor
    np.testing.assert_allclose(pressed.sum(), 1.0, atol=1e-12)
