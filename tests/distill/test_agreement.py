"""Cohen's kappa against hand-computed numbers and scikit-learn's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from unirain_core.distill.agreement import agreement_lines
from unirain_core.distill.labels import Label
from unirain_core.distill.trust.kappa import cohen_kappa

ANSWERS = st.lists(st.tuples(*[st.sampled_from(["yes", "no", "unsure"])] * 2), min_size=1, max_size=40)


def test_kappa_of_fifty_pairs_is_what_a_hand_computes():
    # 35 of 50 agree; by chance (25 x 30 + 25 x 20) / 50^2 = 0.5
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15

    assert cohen_kappa(first, second) == pytest.approx(0.4)


@given(ANSWERS)
def test_kappa_agrees_with_an_independent_one(answers):
    first, second = ([pair[side] for pair in answers] for side in (0, 1))
    kappa = cohen_kappa(first, second)

    if len({*first, *second}) == 1:
        assert kappa is None
    else:
        assert kappa == pytest.approx(cohen_kappa_score(first, second))


def test_one_answer_throughout_leaves_kappa_undefined():
    assert cohen_kappa([True, True], [True, True]) is None
    assert cohen_kappa([], []) is None


def test_each_two_people_have_a_line_over_the_pairs_that_both_labelled():
    answers = {"ann": "yynnu", "bob": "ynnny", "eve": "y"}
    words = {"y": True, "n": False, "u": None}
    labels = [
        Label(f"d/{number}", person, words[answer], "")
        for person, given_ in answers.items()
        for number, answer in enumerate(given_)
    ]
    labels.append(Label("d/99", "ann", True, ""))

    # ann and bob: 3 of 5 agree, by chance (2 x 2 + 2 x 3) / 25; of the sure four 3 agree, by chance (2 x 1 + 2 x 3) / 16
    assert agreement_lines(labels) == [
        "ann and bob: Cohen's kappa 0.33 on 5 pairs (yes, no, unsure), 0.50 on the 4 of them of which both are sure",
        "ann and eve: Cohen's kappa is not defined (all answers are the same) on 1 pairs (yes, no, unsure), "
        "is not defined (all answers are the same) on the 1 of them of which both are sure",
        "bob and eve: Cohen's kappa is not defined (all answers are the same) on 1 pairs (yes, no, unsure), "
        "is not defined (all answers are the same) on the 1 of them of which both are sure",
    ]


def test_one_person_has_nobody_to_agree_with():
    assert agreement_lines([Label("a", "ann", True, "")]) == [
        "labels: 1, people: 1; the labels of two people give their kappa"
    ]


def test_people_who_share_no_pair_are_said_to():
    labels = [Label("a", "ann", True, ""), Label("b", "bob", True, "")]

    assert agreement_lines(labels) == ["ann and bob labelled no pair in common"]
