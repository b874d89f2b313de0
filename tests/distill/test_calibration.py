"""A threshold that follows the real photos."""

import math

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.calibration import threshold

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
