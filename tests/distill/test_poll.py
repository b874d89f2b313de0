"""Judges are asked only where they can change something, and nothing is lost by it."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.poll import Poll, drawn_for_all
from unirain_core.distill.voting import (
    ABSTAINED,
    NO,
    UNASKED,
    YES,
    is_decided_by_abstention,
    is_reliable,
    verdicts,
)

OPINIONS = st.integers(1, 3).flatmap(
    lambda half: st.lists(
        st.lists(st.sampled_from([YES, NO, ABSTAINED]), min_size=2 * half - 1, max_size=2 * half - 1),
        min_size=1,
        max_size=20,
    )
)
"""What an odd number of judges would say of some pairs."""


def polled(opinions, is_asked_of_all, *, early_stop=True):
    poll = Poll(opinions.shape[1], is_asked_of_all, early_stop=early_stop)
    for judge in range(opinions.shape[1]):
        is_open = poll.is_open()
        poll.votes[is_open, judge] = opinions[is_open, judge]
    return poll


def told(votes):
    """Verdict of each pair, and whether abstentions decided it."""
    yes, abstained = (votes == YES).sum(axis=1), (votes == ABSTAINED).sum(axis=1)
    n_judges = votes.shape[1]
    return is_reliable(yes, n_judges).tolist(), is_decided_by_abstention(yes, abstained, n_judges).tolist()


@given(OPINIONS)
def test_in_every_order_of_the_judges_the_verdicts_and_their_reasons_are_those_of_asking_all(opinions):
    opinions = np.array(opinions, dtype=np.int8)
    for order in permutations(range(opinions.shape[1])):
        poll = polled(opinions[:, order], np.zeros(len(opinions), dtype=np.bool_))

        assert told(opinions) == told(poll.votes)
        assert verdicts(opinions)["verdict"].to_list() == verdicts(poll.votes)["verdict"].to_list()


def test_two_that_agree_leave_the_third_unasked():
    opinions = np.array([[YES, YES, NO], [NO, NO, YES], [YES, NO, YES]], dtype=np.int8)
    poll = polled(opinions, np.zeros(3, dtype=np.bool_))

    assert [[YES, YES, UNASKED], [NO, NO, UNASKED], [YES, NO, YES]] == poll.votes.tolist()
    assert 2 == (poll.votes == UNASKED).sum()


@given(OPINIONS)
def test_no_judge_is_asked_who_could_not_have_changed_anything(opinions):
    """The last one that was asked could still have turned what is said of the pair."""
    poll = polled(np.array(opinions, dtype=np.int8), np.zeros(len(opinions), dtype=np.bool_))
    for votes in poll.votes:
        n_asked = int((votes != UNASKED).sum())
        before = np.tile(votes, (3 ** (len(votes) - n_asked + 1), 1))
        places = np.arange(n_asked - 1, len(votes))
        for row, said in enumerate(np.ndindex(*[3] * len(places))):
            before[row, places] = [(YES, NO, ABSTAINED)[s] for s in said]

        assert len({*zip(*told(before), strict=True)}) > 1


def test_pairs_that_are_drawn_are_put_to_everybody():
    opinions = np.array([[YES, YES, NO], [YES, YES, YES]], dtype=np.int8)
    poll = polled(opinions, np.array([True, False]))

    assert [[YES, YES, NO], [YES, YES, UNASKED]] == poll.votes.tolist()


def test_without_early_stop_everybody_is_asked():
    opinions = np.array([[YES, YES, NO]], dtype=np.int8)

    assert UNASKED not in polled(opinions, np.array([False]), early_stop=False).votes


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_a_share_of_the_pairs_is_drawn_and_each_stays_drawn_when_others_come(share):
    ids = [f"set/{number}" for number in range(2000)]
    drawn = drawn_for_all(ids, share)

    assert share == pytest.approx(drawn.mean(), abs=0.03)
    assert drawn[::2].tolist() == drawn_for_all(ids[::2], share).tolist()
