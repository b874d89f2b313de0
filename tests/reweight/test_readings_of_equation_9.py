"""The figures of decision 0020: what each reading of Eq. 9 does where all types converge, without noise.

The curves are 0.3 + 0.7 exp(-t/T), with T of 15, 30, 60 and 120 updates: a type that learns fast, and others that learn more slowly.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from unirain_core.config.sections import Strategy
from unirain_core.reweight.reweighter import MultiObjectiveReweighter
from unirain_core.reweight.slope import convergence_slope

PACES = np.array([15.0, 30.0, 60.0, 120.0])
TAU = 5.0


def curves(updates):
    return 0.3 + 0.7 * np.exp(-np.arange(updates)[:, None] / PACES)


def weights_and_factors(preset, losses=None, cap=None):
    """Weights and AF after each of the updates that have slopes; of the curves above, where no others are named."""
    reweighter = MultiObjectiveReweighter(4, Strategy(preset=preset, af_logit_cap=cap))
    weights, factors = [], []
    for row in curves(300) if losses is None else losses:
        weights.append(reweighter.update(row))
        factors.append(reweighter.scores()["af"])
    return np.array(weights)[9:], np.array(factors)[9:]


@pytest.mark.parametrize(
    ("preset", "distance"), [("printed", 0.554), ("gated", 0.554), ("abs", 0.075), ("no_tbs", 0.074)]
)
def test_while_all_types_converge_gated_moves_the_weights_as_printed_and_abs_as_without_tbs(preset, distance):
    """Distance: the sum of |w - 1/4| over the types, in the mean of the updates that have slopes."""
    weights, _ = weights_and_factors(preset)

    assert np.abs(weights - 0.25).sum(axis=1).mean() == pytest.approx(distance, abs=5e-4)


def test_gated_equals_the_printed_form_while_all_types_converge():
    printed, gated = weights_and_factors("printed"), weights_and_factors("gated")

    np.testing.assert_allclose(gated[0], printed[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(gated[1], 1.0, rtol=0, atol=1e-12)


def test_with_absolute_values_the_factor_falls_although_nothing_diverges():
    _, factors = weights_and_factors("abs")

    at = np.array([30, 60, 100, 300]) - 10
    np.testing.assert_allclose(factors[at], [0.81, 0.06, 0.03, 0.07], atol=0.005)


def test_softmax_over_time_has_three_readings_that_differ():
    """AF at t = 200 of one type of pace 60: each logit with its own sum, all with the newest sum, all with newest sum and count."""
    losses = 0.3 + 0.7 * np.exp(-np.arange(209) / 60.0)
    ends = range(10, 210)
    window = np.arange(10.0)[None]
    slopes = np.array([convergence_slope(window, losses[None, end - 10 : end])[0] for end in ends])
    times, sums = np.arange(1, 201), np.cumsum(np.abs(slopes))

    own = 200 * softmax(-TAU * times * slopes / sums)[-1]
    common_sum = 200 * softmax(-TAU * times * slopes / sums[-1])[-1]
    as_coba = 200 * softmax(-TAU * 200 * slopes / sums[-1])[-1]

    assert own == pytest.approx(0.085, abs=5e-4)
    assert common_sum == pytest.approx(0.448, abs=5e-4)
    assert as_coba == pytest.approx(3.1e-6, abs=1e-7)

    reweighter = MultiObjectiveReweighter(1, Strategy(preset="abs", af_logit_cap=None))
    for loss in losses:
        reweighter.update([loss])
    assert reweighter.scores()["af"] == pytest.approx(own, abs=1e-12)


def test_the_printed_form_is_not_bounded():
    """A strategy of the preset `printed` with a bound is refused, because the weights differ (`tests/laws/test_params.py`)."""
    noise = np.random.default_rng(0).normal(scale=0.02, size=(300, 4))
    free, bounded = (
        MultiObjectiveReweighter(4, Strategy(preset="printed", af_logit_cap=cap)) for cap in (None, 5.0)
    )
    differences = [np.abs(free.update(row) - bounded.update(row)).max() for row in curves(300) + noise]

    assert max(differences) > 0.3


def with_a_burst():
    """Losses that fall by 1e-4 in each update, and by 30 % at once in the 200th."""
    losses = np.repeat(1.0 - 1e-4 * np.arange(400)[:, None], 4, axis=1)
    losses[200:] *= 0.7
    return losses


def test_under_absolute_values_a_burst_silences_the_factor_but_for_a_bound():
    _, free = weights_and_factors("abs", with_a_burst())
    _, bounded = weights_and_factors("abs", with_a_burst(), cap=5.0)

    assert free[-1] < 1e-100
    assert bounded[-1] == pytest.approx(0.02, abs=1e-3)


@pytest.mark.parametrize("preset", ["gated", "magnitude"])
@given(
    arrays(np.float64, (30, 3), elements=st.floats(-1e3, 1e3)),
    st.floats(1e-3, 10.0),
)
def test_a_bound_changes_nothing_where_no_logit_is_positive(preset, losses, cap):
    free, bounded = (
        MultiObjectiveReweighter(3, Strategy(preset=preset, af_logit_cap=bound)) for bound in (None, cap)
    )

    for row in losses:
        np.testing.assert_array_equal(free.update(row), bounded.update(row))


@pytest.mark.parametrize(("preset", "mean"), [("gated", 0.31), ("abs", 0.16), ("printed", 0.13)])
def test_on_noise_alone_no_reading_follows_the_prose(preset, mean):
    """Nothing converges and nothing diverges, and AF is neither 1 nor 0."""
    losses = 1.0 + np.random.default_rng(0).normal(scale=0.02, size=(2000, 4))
    _, factors = weights_and_factors(preset, losses, None if preset == "printed" else 5.0)

    assert factors.mean() == pytest.approx(mean, abs=0.005)


def test_the_printed_normaliser_is_blind_to_the_sign_of_the_slopes():
    """The context of decisions 0004 and 0020: losses of one type that fall and then rise, and the same turned about 1."""
    losses = np.concatenate([1.0 - 0.01 * np.arange(50), 0.5 + 0.002 * np.arange(100)])
    printed, gated = (
        [_factors_of_one_type(preset, one) for one in (losses, 2.0 - losses)]
        for preset in ("printed", "gated")
    )

    np.testing.assert_allclose(printed[0], printed[1], rtol=1e-9)
    assert np.abs(gated[0] - gated[1]).max() > 0.5


def _factors_of_one_type(preset, losses):
    reweighter = MultiObjectiveReweighter(1, Strategy(preset=preset, af_logit_cap=None))
    factors = []
    for loss in losses:
        reweighter.update([loss])
        factors.append(reweighter.scores()["af"])
    return np.array(factors)


@pytest.mark.parametrize("preset", ["printed", "gated", "abs", "magnitude"])
def test_losses_that_rise_ever_more_slowly_from_the_start_keep_the_factor_at_one(preset):
    """The factor compares the largest slope with its own past: a price of every reading that decision 0020 names."""
    _, factors = weights_and_factors(preset, 2.0 - curves(300))

    np.testing.assert_allclose(factors, 1.0, atol=1e-9)
