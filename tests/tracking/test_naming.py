import time
from dataclasses import replace

from tests.tracking.conftest import START
from unirain_core.tracking.journal import Journal
from unirain_core.tracking.naming import description, run_name


def trained(folder, **fields):
    """A journal of a training that differs from START in these fields."""
    Journal.begin(folder, replace(START, **fields))


def test_the_first_training_of_a_variant_bears_its_name(tmp_path):
    assert run_name(START, tmp_path) == "unirain"
    trained(tmp_path)
    assert run_name(START, tmp_path) == "unirain"


def test_trainings_that_begin_in_the_same_millisecond_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1.0)
    trained(tmp_path)
    second = replace(START, key="k2", params={**START.params, "strategy.tau": "9.0"})
    trained(tmp_path, key="k2", params=second.params)

    assert run_name(second, tmp_path) == "unirain, tau 9.0"


def test_another_training_of_a_variant_is_named_by_what_differs_from_the_first(tmp_path):
    trained(tmp_path)
    second = replace(START, key="k2", params={**START.params, "strategy.tau": "9.0"})
    trained(tmp_path, key="k2", params=second.params)

    assert run_name(second, tmp_path) == "unirain, tau 9.0"
    third = replace(START, key="k3", params={**START.params, "strategy.tau": "1.0"})
    assert run_name(third, tmp_path) == "unirain, tau 1.0"
    assert "`strategy.tau` is 1.0 instead of 9.0" in description(third, "facts", tmp_path)


def test_a_name_holds_three_differences_and_says_how_many_more_there_are(tmp_path):
    trained(tmp_path, params=dict.fromkeys("abcde", "1"))
    second = replace(START, key="k2", params=dict.fromkeys("abcde", "2"))

    assert run_name(second, tmp_path) == "unirain, a 2, b 2, c 2, 2 more"
    assert description(second, "facts", tmp_path).count("instead of 1") == 5


def test_equal_params_mean_other_pairs_or_other_code(tmp_path):
    trained(tmp_path)

    assert run_name(replace(START, key="abcdef"), tmp_path) == "unirain, other code (abcd)"
    other_pairs = replace(START, key="abcdef", datasets=START.datasets[:1])
    assert run_name(other_pairs, tmp_path) == "unirain, other pairs (abcd)"
    assert "its pairs, or the code" in description(other_pairs, "facts", tmp_path)
