"""A threshold that follows the real photos."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.calibration import threshold

ANSWERS = st.lists(st.floats(0, 1), min_size=1, max_size=120)
PERCENT = st.integers(1, 100)


def at(percent, answers):
    return threshold(pl.Series(answers), percent / 100)


@given(ANSWERS, PERCENT)
def test_the_share_is_accepted_and_no_higher_threshold_accepts_it(answers, percent):
    """In whole numbers: 0.28 of 25 is 7, though `0.28 * 25` is more."""
    lowest = at(percent, answers)

    assert 100 * sum(p >= lowest for p in answers) >= percent * len(answers)
    assert 100 * sum(p > lowest for p in answers) < percent * len(answers)


@given(ANSWERS, PERCENT, PERCENT)
def test_a_larger_share_never_makes_the_judge_stricter(answers, one, other):
    assert at(max(one, other), answers) <= at(min(one, other), answers)


def test_seven_of_25_photos_are_a_share_of_0_28():
    answers = [n / 25 for n in range(25)]

    assert 7 == sum(p >= at(28, answers) for p in answers)
