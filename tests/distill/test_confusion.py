import pytest

from unirain_core.distill.confusion import Confusion, Outcome, confusions, lines, right_by_kind

OUTCOMES = [
    Outcome("drs", "", (True, True, False)),
    Outcome("drs", "", (True, False, None)),
    Outcome("drs", "snow", (False, None, False)),
    Outcome("nrd", "snow", (True, True, False)),
    Outcome("nrd", "stamped", (False, False, False)),
]


def test_each_judge_and_the_majority_are_counted_on_their_own():
    found = confusions(OUTCOMES, ["x", "y", "z"])

    assert {
        "x": Confusion(kept=2, good=2, caught=2, planted=3),
        "y": Confusion(kept=1, good=2, caught=2, planted=3),
        "z": Confusion(kept=0, good=2, caught=3, planted=3),
        "majority": Confusion(kept=1, good=2, caught=2, planted=3),
    } == found


def test_precision_and_recall_look_for_low_fidelity():
    confusion = Confusion(kept=7, good=10, caught=6, planted=8)

    assert 6 / 9 == pytest.approx(confusion.precision)
    assert 6 / 8 == pytest.approx(confusion.recall)


def test_nothing_rejected_and_nothing_planted_are_no_division_by_zero():
    assert (0.0, 0.0) == (Confusion(3, 3, 0, 0).precision, Confusion(3, 3, 0, 0).recall)


def test_every_kind_of_every_type_is_listed_and_no_picture_is_lost():
    found = right_by_kind(OUTCOMES)

    assert {
        ("drs", ""): (1, 2),
        ("drs", "snow"): (1, 1),
        ("nrd", "snow"): (0, 1),
        ("nrd", "stamped"): (1, 1),
    } == found
    assert len(OUTCOMES) == sum(total for _, total in found.values())


def test_the_table_names_judges_kinds_and_agreement():
    text = "\n".join(lines(OUTCOMES, ["x", "y", "z"]))

    for word in ("majority", "good", "stamped", "x, y: 0.60"):
        assert word in text
