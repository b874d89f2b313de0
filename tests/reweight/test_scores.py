import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.reweight.scores import balance_score, stability_score

slopes = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=8)


@given(slopes)
def test_slower_types_weigh_more_in_the_balance_score(values):
    given_slopes = np.array(values)
    order = np.argsort(given_slopes, kind="stable")

    assert (np.diff(balance_score(given_slopes)[order]) >= 0).all()


@given(slopes, st.floats(0, 1e3))
def test_the_balance_score_of_a_type_grows_with_its_slope(values, rise):
    before = np.array(values)
    after = before.copy()
    after[0] += rise

    assert balance_score(after)[0] >= balance_score(before)[0] - 1e-15


@pytest.mark.parametrize(
    ("types", "least", "most"), [(2, 0.119, 0.881), (4, 0.0061, 0.948), (8, 4.8e-5, 0.998)]
)
def test_the_balance_score_has_the_bounds_that_the_number_of_types_sets(types, least, most):
    lone = np.eye(types)[0]

    assert most == pytest.approx(balance_score(lone)[0], rel=1e-2)
    assert least == pytest.approx(balance_score(-lone)[0], rel=1e-2)


def test_the_balance_score_of_tiny_slopes_is_not_flattened():
    tiny = np.array([-4.0, -3.0, -2.0, -1.0]) * 1e-9

    np.testing.assert_allclose(balance_score(tiny), balance_score(tiny * 1e9), rtol=1e-12)


@given(st.floats(1e-12, 1e12), st.integers(1, 9))
def test_steady_convergence_has_logit_one_whatever_its_speed(speed, size):
    slopes = np.full((2, 10), np.nan)
    slopes[0, -size:], slopes[1, -1] = -speed, -1.0

    np.testing.assert_allclose(stability_score(slopes), [0.5, 0.5], rtol=1e-12)


def test_a_diverging_type_loses_stability_and_a_flat_one_stands_between():
    slopes = np.array([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]])
    oracle = np.exp([1.0, 0.0, -1.0])

    np.testing.assert_allclose(stability_score(slopes), oracle / oracle.sum(), rtol=1e-12)
