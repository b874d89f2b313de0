import pytest

from unirain_core.training.schedule import learning_rate


def test_the_rate_rises_to_its_peak_and_never_rises_again():
    rates = [learning_rate(step, peak=2.0, warmup_steps=10, steps=100) for step in range(100)]

    assert rates[:10] == sorted(rates[:10])
    assert rates[9] == max(rates) == 2.0
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_rate_ends_near_zero():
    assert learning_rate(99, peak=1.0, warmup_steps=0, steps=100) == pytest.approx(0.0, abs=1e-3)


def test_a_run_that_is_all_warm_up_is_possible():
    assert learning_rate(4, peak=1.0, warmup_steps=5, steps=5) == 1.0
