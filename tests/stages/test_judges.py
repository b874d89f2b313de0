"""What params can name: every judge does as its protocol says."""

import pickle
from functools import partial

import pytest

from unirain_core.config.sections import JudgeName
from unirain_core.distill.judges.judge import prompt_hash
from unirain_core.errors import ConfigError
from unirain_core.stages.judges import JUDGES, JudgeChoice, make_judge

NAMES = [JudgeName(name) for name in JUDGES]


def choice(name):
    return JudgeChoice(JudgeName(name), None, None)


@pytest.mark.parametrize("name", NAMES)
def test_every_judge_of_params_bears_its_name(name):
    judge = make_judge(choice(name))

    assert name == judge.name
    assert len(prompt_hash(judge)) == 32
    assert judge.batch >= 1


def test_the_judges_differ_in_their_hash():
    assert len(NAMES) == len({prompt_hash(make_judge(choice(name))) for name in NAMES})


def test_a_judge_is_made_once_in_a_process_wherever_the_choice_travels():
    make = pickle.loads(pickle.dumps(partial(make_judge, choice(NAMES[0]))))

    assert make() is make_judge(choice(NAMES[0]))


def test_a_judge_that_there_is_not_is_refused_with_the_nearest():
    with pytest.raises(
        ConfigError, match=r"vlm_votes\.judges: 'statistics/ns' .*nearest known: statistics/nss"
    ):
        make_judge(choice("statistics/ns"))
