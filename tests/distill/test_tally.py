import numpy as np
import polars as pl

from unirain_core.distill import tally
from unirain_core.distill.voting import ABSTAINED, NO, YES

VOTES = np.array([[YES, YES, YES], [YES, YES, NO], [NO, YES, NO], [YES, ABSTAINED, NO]], dtype=np.int8)


def test_groups_count_kept_rejected_and_undecided_pairs_by_name():
    first, second = tally.by_group(VOTES, pl.Series(["b", "b", "a", "a"]))[::-1]

    assert {
        "name": "b",
        "pairs": 2,
        "kept": 2,
        "rejected": 0,
        "decided_by_abstention": 0,
        "kept_share": 1.0,
    } == first
    assert {
        "name": "a",
        "pairs": 2,
        "kept": 0,
        "rejected": 2,
        "decided_by_abstention": 1,
        "kept_share": 0.0,
    } == second


def test_a_judges_acceptance_is_its_share_of_yes_among_all_its_votes():
    assert [
        {"judge": "x", "yes": 3, "no": 1, "abstained": 0, "asked": 4, "acceptance": 0.75},
        {"judge": "y", "yes": 3, "no": 0, "abstained": 1, "asked": 4, "acceptance": 0.75},
        {"judge": "z", "yes": 1, "no": 3, "abstained": 0, "asked": 4, "acceptance": 0.25},
    ] == tally.by_judge(VOTES, ["x", "y", "z"])


def test_agreement_is_counted_for_each_two_judges_and_for_all():
    lines = tally.agreement(VOTES, ["x", "y", "z"])

    assert {"x, y": 0.5, "x, z": 0.5, "y, z": 0.25, "x, y, z": 0.25} == {
        line["judges"]: line["agreement"] for line in lines
    }


def test_where_nobody_was_asked_every_share_is_nothing():
    nobody = np.empty((0, 2), dtype=np.int8)

    assert [] == tally.by_group(nobody, pl.Series([], dtype=pl.String))
    assert [0.0, 0.0] == [line["acceptance"] for line in tally.by_judge(nobody, ["x", "y"])]
    assert [0.0] == [line["agreement"] for line in tally.agreement(nobody, ["x", "y"])]
