import inspect
from dataclasses import dataclass

import numpy as np
import pytest

from unirain_core.distill.judges.judge import Judge, Response
from unirain_core.distill.judging import judge_pair

GREY = np.full((64, 96, 3), 128, np.uint8)


@dataclass(frozen=True)
class Fixed:
    """Always answers the same."""

    p_yes: float
    mass: float
    name: str = "fixed"
    prompt_hash: str = "0"

    def judge(self, query, references):
        return Response(p_yes=self.p_yes, mass=self.mass, reply="", reason="")


@pytest.mark.parametrize(
    ("p_yes", "mass", "expected"),
    [
        (0.5, 1.0, True),
        (0.499, 1.0, False),
        (0.9, 0.5, True),
        (0.1, 0.5, False),
        (0.9, 0.49, None),
        (0.1, 0.49, None),
    ],
)
def test_half_decides_and_little_mass_abstains(p_yes, mass, expected):
    answer = judge_pair(Fixed(p_yes, mass), GREY, [GREY])

    assert expected is answer.vote
    assert p_yes == answer.response.p_yes


@pytest.mark.parametrize("function", [judge_pair, Judge.judge])
def test_nothing_but_the_query_and_its_references_can_reach_a_judge(function):
    given = set(inspect.signature(function).parameters) - {"self", "judge"}

    assert {"query", "references"} == given
