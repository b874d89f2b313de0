import json
import math
from importlib import resources

import numpy as np
import pytest

from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.judges.judge import Question, prompt_hash
from unirain_core.standins.statistics import judges
from unirain_core.standins.statistics.features import FAMILIES, measure
from unirain_core.standins.statistics.frame import FEATURE_VERSION
from unirain_core.standins.statistics.judges import Weights, from_json, inputs, reliability, shipped
from unirain_core.standins.statistics.linear import LinearRule

STORED = json.loads(
    resources.files("unirain_core.standins.statistics").joinpath(judges.FILE).read_text("utf-8")
)


def noise(seed, height=256, width=384):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shipped_weights_cover_every_statistic_and_nothing_else(family):
    names = set(measure(noise(0)).of(family))
    weights = shipped()[family].weights

    assert names == set(weights.spread)
    assert set(inputs(weights.spread)) == set(weights.rule.terms)
    assert all(spread > 0 for spread in weights.spread.values())
    assert all(term.scale > 0 for term in weights.rule.terms.values())


def test_the_shipped_file_says_what_it_was_fitted_to_and_how_well_it_did():
    where, figures = reliability()
    majority = [f.confusion for f in figures if f.judge == MAJORITY and f.accept_share in (None, 0.9)]

    assert "seeds 12, 13, 14; the fit saw seeds 101, 102, 103" in where
    assert FEATURE_VERSION == STORED["feature_version"]
    assert len(majority) == 2
    assert all(c.kept / c.good >= 0.85 and c.caught / c.planted >= 0.85 for c in majority)


def test_deviations_are_taken_from_the_mean_of_the_references_in_spreads_and_clipped():
    weights = Weights({"haze": 2.0, "width": 0.5}, LinearRule(0.0, {}))
    query, references = (
        {"haze": 7.0, "width": 9.0},
        [{"haze": 1.0, "width": 0.0}, {"haze": 5.0, "width": 2.0}],
    )

    assert {"haze": 2.0, "width": 6.0} == weights.deviations(query, references)


def toy(bias):
    return from_json(
        "nss",
        {
            "bias": bias,
            "spread": {"haze": 1.0},
            "terms": {"haze": [0.0, 1.0, 0.0], "|haze|": [1.0, 2.0, -2.0]},
        },
    )


def test_the_probability_of_yes_is_the_logistic_of_the_rule():
    response = toy(0.5).respond({"haze": -3.0})

    assert math.isclose(1 / (1 + math.exp(1.5)), response.p_yes)  # 0.5 - 2 (3 - 1) / 2 = -1.5
    assert ("no", 1.0) == (response.reply, response.mass)
    assert "haze -3.0 spreads from its references, for no" == response.reason


def test_a_logit_of_0_is_a_yes():
    assert "yes" == toy(2.0).respond({"haze": 3.0}).reply


def test_other_weights_give_another_hash_and_equal_ones_the_same():
    assert prompt_hash(toy(0.5)) == prompt_hash(toy(0.5))
    assert prompt_hash(toy(0.5)) != prompt_hash(toy(0.6))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_judge_does_not_care_for_the_order_of_the_references_and_repeats_itself(family):
    judge = shipped()[family]
    asked = Question(noise(1), [noise(2), noise(3), noise(4)])
    first, second = judge.judge([asked, Question(noise(1), [noise(4), noise(2), noise(3)])])

    assert 0 <= first.p_yes <= 1
    assert math.isclose(first.p_yes, second.p_yes, rel_tol=1e-9)
    assert [first] == judge.judge([asked])


def test_a_judge_without_references_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="at least one reference"):
        shipped()["nss"].judge([Question(noise(1), [])])


def test_weights_of_other_statistics_are_refused(monkeypatch):
    monkeypatch.setattr(judges, "FEATURE_VERSION", "another")
    shipped.cache_clear()
    with pytest.raises(ValueError, match="fits statistics"):
        shipped()
    monkeypatch.undo()
    shipped.cache_clear()
