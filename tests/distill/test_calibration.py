"""A threshold that follows the real photos."""

import math

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.calibration import decided, threshold
from unirain_core.distill.judging import counted

ANSWERS = st.lists(st.floats(0, 1), min_size=1, max_size=60)
SHARES = st.floats(0, 1, exclude_min=True)


def at_share(answers, share):
    return threshold(pl.Series(answers), share)


@given(ANSWERS, SHARES)
def test_the_share_is_accepted_and_no_higher_threshold_accepts_it(answers, share):
    lowest = at_share(answers, share)

    assert sum(p >= lowest for p in answers) >= share * len(answers)
    assert sum(p > lowest for p in answers) < math.ceil(share * len(answers))


@given(ANSWERS, SHARES, SHARES)
def test_a_larger_share_never_makes_the_judge_stricter(answers, one, other):
    assert at_share(answers, max(one, other)) <= at_share(answers, min(one, other))


@given(
    st.lists(st.tuples(st.sampled_from("jk"), st.floats(0, 1), st.sampled_from([0.0, 0.49, 0.5, 1.0]))),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_votes_are_decided_anew_as_a_single_response_is_counted(answers, of_j, of_k):
    thresholds = {"j": of_j, "k": of_k}
    schema = {"judge": pl.String, "p_yes": pl.Float64, "mass": pl.Float64}
    votes = decided(pl.DataFrame(answers, schema=schema, orient="row"), thresholds)

    assert [counted(p_yes, mass, thresholds[judge]) for judge, p_yes, mass in answers] == votes[
        "vote"
    ].to_list()
    assert [thresholds[judge] for judge, _, _ in answers] == votes["threshold"].to_list()
