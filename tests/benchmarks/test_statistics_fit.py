import numpy as np
import pytest

from benchmarks.statistics_fit import balanced_threshold, fit_rule, inverse_frequency


def test_the_threshold_lies_where_the_worse_of_kept_and_caught_is_best():
    logits = np.array([-3.0, -1.0, 0.0, 1.0, 2.0, 4.0])
    good = np.array([False, False, True, False, True, True])

    assert -0.5 == balanced_threshold(
        logits, good
    )  # keeps 3 of 3, catches 2 of 3; so does 1.5, the other way round


def test_a_rule_finds_the_statistic_that_tells_the_classes_apart():
    rng = np.random.default_rng(0)
    labels = [bool(i % 2) for i in range(60)]
    rows = [{"telling": 10 + 2.0 * label + 0.1 * rng.random(), "noise": rng.random()} for label in labels]
    fit = fit_rule(rows, labels)

    assert labels == [fit.rule.logit(row) > 0 for row in rows]
    assert labels == (fit.held_out > 0).tolist()
    assert fit.rule.terms["telling"].weight > 5 * abs(fit.rule.terms["noise"].weight)


def test_a_statistic_that_never_varies_does_no_harm():
    rows = [{"telling": float(i % 2), "fixed": 7.0} for i in range(40)]

    assert 0.0 == pytest.approx(fit_rule(rows, [i % 2 == 1 for i in range(40)]).rule.terms["fixed"].weight)


def test_rare_words_weigh_more_than_common_ones():
    weights = inverse_frequency(["a day", "a night", "a day"])

    assert weights["a"] < weights["day"] < weights["night"]
    assert np.log(4 / 4) + 0.2 == pytest.approx(weights["a"])
