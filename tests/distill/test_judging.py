"""A judge's answer counts as yes from its threshold on, and not at all where it answered something else."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.judging import HALF, with_votes

ANSWERS = st.lists(st.tuples(st.sampled_from("jk"), st.floats(0, 1), st.sampled_from([0.0, 0.49, 0.5, 1.0])))
COLUMNS = {"judge": pl.String, "p_yes": pl.Float64, "mass": pl.Float64}


def votes_of(answers, **thresholds):
    return with_votes(pl.DataFrame(answers, schema=COLUMNS, orient="row"), thresholds)


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
    assert [expected] == votes_of([("j", p_yes, mass)], j=HALF)["vote"].to_list()


@given(ANSWERS, st.floats(0, 1), st.floats(0, 1))
def test_every_answer_is_counted_by_itself_at_the_threshold_of_its_judge(answers, of_j, of_k):
    votes, thresholds = votes_of(answers, j=of_j, k=of_k), {"j": of_j, "k": of_k}
    expected = [None if mass < 0.5 else p_yes >= thresholds[judge] for judge, p_yes, mass in answers]

    assert expected == votes["vote"].to_list()
    assert [thresholds[judge] for judge, _, _ in answers] == votes["threshold"].to_list()
    assert [p_yes for _, p_yes, _ in answers] == votes["p_yes"].to_list()
