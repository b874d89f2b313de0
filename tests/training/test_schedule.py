import pytest

from unirain_core.training.schedule import learning_rate


def test_the_rate_rises_to_its_peak_and_never_rises_again():
    rates = [learning_rate(step, peak=2.0, final=0.0, warmup_steps=10, steps=100) for step in range(100)]

    assert rates[:10] == sorted(rates[:10])
    assert rates[9] == max(rates) == 2.0
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_rate_falls_by_half_a_cosine_to_the_final_rate():
    """The paper: from 2e-4 to 1e-6, without a rise."""
    rates = [learning_rate(step, peak=2e-4, final=1e-6, warmup_steps=0, steps=300) for step in range(301)]

    assert rates[0] == 2e-4
    assert rates[300] == pytest.approx(1e-6)
    assert rates[150] == pytest.approx((2e-4 + 1e-6) / 2)
    assert rates == sorted(rates, reverse=True)


def test_a_run_that_is_all_warm_up_is_possible():
    assert learning_rate(4, peak=1.0, final=0.0, warmup_steps=5, steps=5) == 1.0
