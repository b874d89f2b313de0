from itertools import permutations, product

import pytest

from unirain_core.artefacts.schemas import Verdict
from unirain_core.distill.voting import calls_until_certain, is_decided_by_abstention, is_reliable, verdict

TRUTH = {
    (True, True, True): True,
    (True, True, False): True,
    (True, False, False): False,
    (False, False, False): False,
    (True, True, None): True,
    (True, None, False): False,
    (True, None, None): False,
    (False, False, None): False,
    (False, None, None): False,
    (None, None, None): False,
}


@pytest.mark.parametrize(("votes", "expected"), TRUTH.items())
def test_two_yes_of_three_are_needed_in_any_order_and_an_abstention_counts_0(votes, expected):
    verdicts = {is_reliable(order) for order in permutations(votes)}

    assert {expected} == verdicts


def test_the_truth_table_covers_every_combination():
    known = {order for votes in TRUTH for order in permutations(votes)}

    assert set(product((True, False, None), repeat=3)) == known


def test_half_is_no_majority():
    assert not is_reliable([True, False])
    assert is_reliable([True])


def test_a_verdict_without_judges_is_refused():
    with pytest.raises(ValueError, match="at least one vote"):
        is_reliable([])


@pytest.mark.parametrize("votes", product((True, False, None), repeat=3))
def test_abstention_decides_exactly_where_other_answers_would_have_kept_the_pair(votes):
    answers = product((True, False), repeat=votes.count(None))
    filled = [[next(left) if v is None else v for v in votes] for left in map(iter, answers)]
    expected = not is_reliable(votes) and any(is_reliable(other) for other in filled)

    assert expected == is_decided_by_abstention(votes)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ((True, True, False), 2),
        ((False, False, True), 2),
        ((None, False, True), 2),
        ((True, False, True), 3),
        ((False, True, None), 3),
    ],
)
def test_the_third_judge_is_asked_only_where_two_leave_the_verdict_open(votes, expected):
    assert expected == calls_until_certain(votes)


def test_a_verdict_counts_every_vote_once():
    row = verdict("rain/1", (True, None, False))

    assert Verdict(pair_id="rain/1", yes=1, no=1, abstained=1, verdict=False, calls=3) == row
