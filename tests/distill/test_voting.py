from itertools import permutations, product

import numpy as np
import pytest

from unirain_core.distill.voting import (
    ABSTAINED,
    NO,
    YES,
    calls_until_certain,
    is_decided_by_abstention,
    is_reliable,
    verdicts,
)

TRUTH = {
    (YES, YES, YES): True,
    (YES, YES, NO): True,
    (YES, NO, NO): False,
    (NO, NO, NO): False,
    (YES, YES, ABSTAINED): True,
    (YES, ABSTAINED, NO): False,
    (YES, ABSTAINED, ABSTAINED): False,
    (NO, NO, ABSTAINED): False,
    (NO, ABSTAINED, ABSTAINED): False,
    (ABSTAINED, ABSTAINED, ABSTAINED): False,
}


def votes_of(*rows):
    return np.array(rows, dtype=np.int8)


def n_of(votes, said):
    return (votes == said).sum(axis=1)


@pytest.mark.parametrize(("votes", "expected"), TRUTH.items())
def test_two_yes_of_three_are_needed_in_any_order_and_an_abstention_counts_0(votes, expected):
    orders = votes_of(*permutations(votes))

    assert {expected} == set(verdicts(orders)["verdict"])


def test_the_truth_table_covers_every_combination():
    known = {order for votes in TRUTH for order in permutations(votes)}

    assert set(product((YES, NO, ABSTAINED), repeat=3)) == known


def test_half_is_no_majority():
    assert [False, True] == is_reliable(np.array([1, 1]), np.array([2, 1])).tolist()


@pytest.mark.parametrize("n_judges", [0, np.array([3, 0])])
def test_a_verdict_without_judges_is_refused(n_judges):
    with pytest.raises(ValueError, match="at least one judge"):
        is_reliable(np.array([0, 0]), n_judges)


@pytest.mark.parametrize("votes", product((YES, NO, ABSTAINED), repeat=3))
def test_abstention_decides_exactly_where_other_answers_would_have_kept_the_pair(votes):
    answers = product((YES, NO), repeat=votes.count(ABSTAINED))
    filled = [[next(left) if v == ABSTAINED else v for v in votes] for left in map(iter, answers)]
    is_kept = 2 * votes.count(YES) > 3
    expected = not is_kept and any(2 * other.count(YES) > 3 for other in filled)
    row = votes_of(votes)

    assert [expected] == is_decided_by_abstention(n_of(row, YES), n_of(row, ABSTAINED), 3).tolist()


def test_the_third_judge_is_asked_only_where_two_leave_the_verdict_open():
    calls = {
        (YES, YES, NO): 2,
        (NO, NO, YES): 2,
        (ABSTAINED, NO, YES): 2,
        (YES, NO, YES): 3,
        (NO, YES, ABSTAINED): 3,
    }

    assert [*calls.values()] == calls_until_certain(votes_of(*calls)).tolist()


def test_a_single_judge_is_asked_once():
    assert [1, 1] == calls_until_certain(votes_of((YES,), (NO,))).tolist()


def test_a_verdict_counts_every_vote_once():
    table = verdicts(votes_of((YES, ABSTAINED, NO), (YES, YES, NO)))

    assert [(1, 1, 1, False, 3), (2, 1, 0, True, 2)] == table.rows()


def test_no_pairs_have_no_verdicts():
    assert verdicts(np.empty((0, 3), dtype=np.int8)).is_empty()
