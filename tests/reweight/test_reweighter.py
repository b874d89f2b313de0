import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from unirain_core.config.sections import Strategy
from unirain_core.reweight.reweighter import MultiObjectiveReweighter

PRESETS = ["printed", "gated", "abs", "magnitude", "fixed_af", "no_tss", "no_tbs", "uniform"]
UNBOUNDED = {"af_logit_cap": None, "reference": "first_window"}
NAN = float("nan")
extremes = st.one_of(
    st.sampled_from([0.0, 1e-323, 1e-300, 1.0, 1e300, 1.7e308, -1.7e308, NAN, math.inf, -math.inf]),
    st.floats(),
)


def curve(types, updates, seed=0, noise=0.02):
    rng = np.random.default_rng(seed)
    speed = np.linspace(0.02, 0.1, types)
    clean = 0.3 + 0.7 * np.exp(-speed * np.arange(updates)[:, None])
    return clean + noise * rng.normal(size=clean.shape)


def run(losses, **options):
    reweighter = MultiObjectiveReweighter(np.shape(losses)[1], Strategy(**UNBOUNDED | options))
    return [reweighter.update(row) for row in losses], reweighter


def brute_force(losses, size, tau, signed):
    """The printed sums over the whole history, no state; for K types that are never absent."""
    normalised = losses / losses[0]
    ends = range(size, len(losses) + 1)
    slopes = np.array([np.polyfit(np.arange(size), normalised[end - size : end], 1)[0] for end in ends])
    weights = []
    for t in range(1, len(slopes) + 1):
        balance = softmax(slopes.shape[1] * slopes[t - 1] / np.abs(slopes[t - 1]).sum())
        last = slopes[max(0, t - size) : t]
        stability = softmax(-len(last) * slopes[t - 1] / np.abs(last).sum(axis=0))
        steepest = slopes[:t].max(axis=1)
        totals = np.cumsum(steepest if signed else np.abs(steepest))
        logits = -tau * np.arange(1, t + 1) * steepest / totals
        factor = min(t * softmax(logits)[-1], 1.0)
        weights.append(factor * balance + (1 - factor) * stability)
    return weights


@pytest.mark.parametrize("types", range(1, 9))
@pytest.mark.parametrize("preset", ["printed", "abs"])
def test_weights_equal_the_sums_over_the_whole_history(types, preset):
    losses = curve(types, 60)
    weights, _ = run(losses, window_size=5, reference="first", preset=preset)

    np.testing.assert_allclose(weights[4:], brute_force(losses, 5, 5.0, preset == "printed"), atol=1e-9)


@given(
    st.integers(1, 5).flatmap(lambda k: st.lists(st.lists(extremes, min_size=k, max_size=k), max_size=15)),
    st.sampled_from(PRESETS),
    st.sampled_from(["first", "first_window", "none"]),
)
def test_weights_are_finite_and_sum_to_one_whatever_comes(losses, preset, reference):
    types = len(losses[0]) if losses else 3
    reweighter = MultiObjectiveReweighter(types, Strategy(window_size=3, preset=preset, reference=reference))
    for row in losses:
        weights = reweighter.update(row)

        assert np.isfinite(weights).all()
        assert (weights >= 0).all()
        assert weights.sum() == pytest.approx(1, abs=1e-12)
        assert 0 <= reweighter.scores()["af"] <= 1


@given(st.permutations(range(5)))
def test_weights_follow_their_types_when_the_types_change_places(order):
    losses = curve(5, 30)
    straight, _ = run(losses)
    permuted, _ = run(losses[:, order])

    np.testing.assert_allclose(permuted, np.array(straight)[:, order], atol=1e-12)


@pytest.mark.parametrize("reference", ["first", "first_window"])
def test_the_scale_of_a_type_does_not_matter(reference):
    losses = curve(3, 30)
    plain, _ = run(losses, reference=reference)
    powers_of_two, _ = run(losses * [2.0**20, 1.0, 2.0**-30], reference=reference)
    scaled, _ = run(losses * [1e6, 1.0, 1e-6], reference=reference)

    assert np.array(plain).tolist() == np.array(powers_of_two).tolist()
    np.testing.assert_allclose(scaled, plain, atol=1e-9)


def test_a_negative_loss_keeps_the_sense_of_its_slope():
    losses = np.column_stack([np.linspace(-0.5, -0.9, 20), np.linspace(1.0, 0.9, 20)])
    _, reweighter = run(losses, window_size=5)

    assert (reweighter.scores()["slopes"] < 0).all()


def test_a_constant_offset_does_not_matter_to_raw_losses():
    losses = curve(3, 30)

    np.testing.assert_allclose(
        run(losses + 7.0, reference="none")[0], run(losses, reference="none")[0], atol=1e-9
    )


@pytest.mark.parametrize("types", [1, 3, 4, 6, 7])
@pytest.mark.parametrize("preset", PRESETS)
def test_identical_types_have_exactly_equal_weights(types, preset):
    losses = np.repeat(curve(1, 25), types, axis=1)

    assert [[1 / types] * types] * 25 == np.array(run(losses, preset=preset)[0]).tolist()


@pytest.mark.parametrize("preset", PRESETS)
def test_constant_losses_have_exactly_equal_weights(preset):
    losses = np.tile([0.1, 0.7, 1e-9, 12345.678], (25, 1))

    assert np.array(run(losses, preset=preset)[0]).tolist() == [[0.25] * 4] * 25


def test_weights_are_equal_until_a_window_is_full():
    weights, _ = run(curve(4, 10), window_size=10)

    assert np.array(weights[:9]).tolist() == [[0.25] * 4] * 9
    assert np.ptp(weights[9]) > 0


def test_leading_updates_without_any_loss_change_nothing():
    losses = curve(3, 30)
    plain, _ = run(losses)
    late, _ = run(np.vstack([np.full((17, 3), NAN), losses]))

    assert np.array(plain).tolist() == np.array(late[17:]).tolist()


def test_a_type_that_is_never_seen_has_exactly_its_equal_share():
    losses = curve(4, 30)
    losses[:, 2] = NAN
    weights = np.array(run(losses)[0])

    assert (weights[:, 2] == 0.25).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)


def test_an_infinite_loss_counts_as_absent_and_is_counted():
    losses = curve(2, 12)
    infinite, absent = losses.copy(), losses.copy()
    infinite[5, 1], absent[5, 1] = math.inf, NAN
    weights, reweighter = run(infinite)

    assert np.array(weights).tolist() == np.array(run(absent)[0]).tolist()
    assert reweighter.scores()["skipped"].tolist() == [0, 1]


def test_the_ablations_are_what_they_are_called():
    losses = curve(4, 40)
    half, balance, stability, none = (
        run(losses, preset=p)[1].scores() for p in ("fixed_af", "no_tss", "no_tbs", "uniform")
    )

    np.testing.assert_allclose(half["weights"], (half["tbs"] + half["tss"]) / 2, atol=1e-15)
    np.testing.assert_allclose(balance["weights"], balance["tbs"], atol=1e-15)
    np.testing.assert_allclose(stability["weights"], stability["tss"], atol=1e-15)
    assert none["weights"].tolist() == [0.25] * 4


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("stop", [0, 3, 9, 25])
def test_a_saved_state_goes_on_bit_by_bit_after_json(preset, stop):
    losses = curve(3, 40)
    losses[::3, 1] = NAN
    whole, _ = run(losses, preset=preset, window_size=6)
    plan = Strategy(preset=preset, window_size=6, af_logit_cap=None, reference="first_window")
    first = MultiObjectiveReweighter(3, plan)
    for row in losses[:stop]:
        first.update(row)
    second = MultiObjectiveReweighter(3, plan)
    second.load_state_dict(json.loads(json.dumps(first.state_dict(), allow_nan=False)))

    assert first.scores()["weights"].tolist() == second.scores()["weights"].tolist()
    assert np.array(whole[stop:]).tolist() == [second.update(row).tolist() for row in losses[stop:]]


def test_a_state_of_another_strategy_is_refused_and_changes_nothing():
    _, saved = run(curve(2, 12))
    other = MultiObjectiveReweighter(2, Strategy(tau=4.0))
    before = other.state_dict()

    with pytest.raises(ValueError, match="another strategy"):
        other.load_state_dict(saved.state_dict())
    assert before == other.state_dict()


def test_the_state_does_not_grow():
    short, long = (run(curve(4, n))[1].state_dict() for n in (100, 1000))

    assert [np.shape(v) for v in short["history"].values()] == [np.shape(v) for v in long["history"].values()]


def test_losses_are_neither_changed_nor_kept():
    losses = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    row = np.array([1.0, 2.0])
    reweighter = MultiObjectiveReweighter(2, Strategy(window_size=2))
    first = reweighter.update(row)
    row[:] = 0.0
    first[:] = 9.0

    np.testing.assert_allclose(reweighter.update(losses), [0.5, 0.5])
    assert losses.grad_fn is None


@pytest.mark.parametrize("wrong", [{"num_types": 0}, {"window_size": 1}, {"min_weight": 0.3}])
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match=r"num_types|min_weight"):
        MultiObjectiveReweighter(wrong.pop("num_types", 4), Strategy(**wrong))


def diverging(updates, start, drift):
    t = np.arange(updates)
    losses = 0.3 + 0.7 * np.exp(-t[:, None] / np.array([200.0, 300.0, 400.0, 500.0]))
    losses[start:, 1] += drift * (t[start:] - start)
    return losses


def test_a_type_that_diverges_loses_its_weight_but_not_as_equation_nine_is_printed():
    losses = diverging(1301, 1200, 1e-3)
    repaired, printed = (run(losses, preset=preset, reference="first") for preset in ("abs", "printed"))

    assert repaired[1].scores()["af"] < 0.05
    assert repaired[0][-1][1] < 0.5 / 4
    assert printed[1].scores()["af"] == 1.0
    assert printed[0][-1][1] > 0.4


@pytest.mark.parametrize("update", [100, 600, 1199])
def test_the_gated_factor_is_one_while_all_types_converge(update):
    _, reweighter = run(diverging(update, update, 0.0), preset="gated", reference="first")

    assert reweighter.scores()["af"] == pytest.approx(1.0, abs=1e-9)


def test_the_gated_factor_falls_when_a_type_diverges():
    _, reweighter = run(diverging(1301, 1200, 1e-3), preset="gated", reference="first")

    assert reweighter.scores()["af"] < 0.05
