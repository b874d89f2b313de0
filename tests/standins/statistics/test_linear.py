import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.standins.statistics.linear import LinearRule, Term, probability

RULE = LinearRule.from_json(0.5, {"width": [2.0, 4.0, 3.0], "length": [0.0, 1.0, -1.0]})


def test_a_rule_is_read_as_it_is_stored():
    assert LinearRule(0.5, {"width": Term(2.0, 4.0, 3.0), "length": Term(0.0, 1.0, -1.0)}) == RULE


def test_the_logit_is_bias_plus_weighted_standardised_values():
    assert 0.5 + 3.0 * (6 - 2) / 4 - 2 == RULE.logit({"width": 6.0, "length": 2.0})


def test_a_missing_statistic_is_no_zero():
    with pytest.raises(KeyError):
        RULE.logit({"width": 1.0})


@given(st.floats(-1e6, 1e6))
def test_the_probabilities_of_a_logit_and_of_its_opposite_sum_to_1(logit):
    assert 1.0 == pytest.approx(probability(logit) + probability(-logit))


def test_three_to_one_is_three_quarters():
    assert 0.75 == pytest.approx(probability(1.0986122886681098))
