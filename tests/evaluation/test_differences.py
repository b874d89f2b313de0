import pytest
from scipy.stats import ttest_rel

from unirain_core.evaluation.differences import difference


def test_the_interval_is_that_of_a_paired_t_test():
    own = {0: 26.1, 1: 25.8, 2: 26.4, 3: 26.0, 4: 25.5}
    other = {0: 25.9, 1: 25.9, 2: 26.0, 3: 25.7, 4: 25.6}
    expected = ttest_rel(list(own.values()), list(other.values())).confidence_interval(0.95)
    gain = difference(own, other)

    assert gain is not None
    assert gain.mean - gain.half == pytest.approx(expected.low)
    assert gain.mean + gain.half == pytest.approx(expected.high)
    assert not gain.is_clear


def test_only_seeds_of_both_are_compared():
    gain = difference({0: 2.0, 1: 5.0}, {0: 1.0, 2: 9.0})

    assert gain is not None
    assert (1.0, float("inf"), 1) == (gain.mean, gain.half, gain.n_seeds)
    assert difference({0: 1.0}, {1: 1.0}) is None
