"""What params can name: every judge does as its protocol says."""

import inspect
import pickle
from typing import get_args

import pytest

from unirain_core.config.sections import JudgeName
from unirain_core.stages.judges import make_judge


@pytest.mark.parametrize("name", get_args(JudgeName))
def test_every_judge_of_params_bears_its_name(name):
    judge = make_judge(name)

    assert name == judge.name
    assert len(judge.prompt_hash) == 32


def test_the_judges_differ_in_their_hash():
    hashes = {make_judge(name).prompt_hash for name in get_args(JudgeName)}

    assert len(get_args(JudgeName)) == len(hashes)


def test_a_judge_is_made_once_in_a_process_wherever_the_choice_travels():
    choice = pickle.loads(pickle.dumps(make_judge))

    assert choice("statistics/nss") is make_judge("statistics/nss")


@pytest.mark.parametrize("name", get_args(JudgeName))
def test_nothing_but_the_query_and_its_references_can_reach_a_judge(name):
    given = set(inspect.signature(type(make_judge(name)).judge).parameters) - {"self"}

    assert {"query", "references"} == given
