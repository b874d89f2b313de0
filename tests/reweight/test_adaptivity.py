import math

import numpy as np
import pytest
from scipy.special import logsumexp

from unirain_core.reweight.adaptivity import LOGIT_LIMIT, AdaptivityState, adaptivity_factor


def test_streaming_agrees_with_the_sum_over_the_whole_history():
    changes = np.random.default_rng(0).normal(-0.02, 0.05, 300_000)
    state = AdaptivityState()
    for change in changes.tolist():
        state = state.push(change, abs(change), tau=5.0, cap=None)
    count = np.arange(1, changes.size + 1)
    logits = -5.0 * count * changes / np.cumsum(np.abs(changes))
    oracle = min(1.0, math.exp(math.log(changes.size) + logits[-1] - logsumexp(logits)))

    assert oracle == pytest.approx(adaptivity_factor(state), rel=1e-9)


def test_a_normaliser_of_zero_gives_logit_zero():
    state = AdaptivityState().push(1.0, 1.0, tau=5.0, cap=None).push(-1.0, -1.0, tau=5.0, cap=None)

    assert state.newest == 0.0


def test_an_early_burst_does_not_silence_the_factor_for_ever_under_a_cap():
    def after_burst(cap):
        state = AdaptivityState()
        for change in [-1e-6] * 500 + [-1.0] + [-1e-6] * 500:
            state = state.push(change, abs(change), tau=5.0, cap=cap)
        return adaptivity_factor(state)

    assert after_burst(None) < 1e-100
    assert after_burst(5.0) > 0.01


def test_what_is_past_can_be_made_to_fade():
    state = AdaptivityState()
    for _ in range(200):
        state = state.push(-1.0, 1.0, tau=5.0, cap=None, decay=0.5)

    assert state.count == pytest.approx(2.0)
    assert state.log_sum == pytest.approx(5.0 + math.log(2.0))


def test_the_extremes_of_the_number_line_stay_finite():
    state = AdaptivityState()
    for change in (1e100, -5e-324, 0.0, 1e-300, -1e100):
        state = state.push(change, change, tau=5.0, cap=None)

        assert abs(state.newest) <= LOGIT_LIMIT
        assert 0.0 <= adaptivity_factor(state) <= 1.0
