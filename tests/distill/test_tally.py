from unirain_core.artefacts.schemas import Vote
from unirain_core.distill import tally

VOTES: tally.Votes = {
    "a/1": [True, True, True],
    "a/2": [True, True, False],
    "b/1": [False, True, False],
    "b/2": [True, None, False],
}


def test_groups_count_kept_rejected_and_undecided_pairs():
    first, second, third = tally.by_group(VOTES, {"a": ["a/1", "a/2"], "b": ["b/1", "b/2"], "c": []})

    assert {
        "name": "a",
        "pairs": 2,
        "kept": 2,
        "rejected": 0,
        "decided_by_abstention": 0,
        "kept_share": 1.0,
    } == first
    assert {
        "name": "b",
        "pairs": 2,
        "kept": 0,
        "rejected": 2,
        "decided_by_abstention": 1,
        "kept_share": 0.0,
    } == second
    assert (0, 0.0) == (third["pairs"], third["kept_share"])


def test_a_judges_acceptance_is_its_share_of_yes_among_all_its_votes():
    votes = [
        Vote(
            pair_id=p,
            judge="x",
            vote=v[1],
            p_yes=0.5,
            mass=1.0,
            reply="",
            reason="",
            threshold=0.5,
            prompt_hash="",
        )
        for p, v in VOTES.items()
    ]

    assert [
        {"judge": "x", "yes": 3, "no": 0, "abstained": 1, "acceptance": 0.75},
        {"judge": "y", "yes": 0, "no": 0, "abstained": 0, "acceptance": 0.0},
    ] == tally.by_judge(votes, ["x", "y"])


def test_agreement_is_counted_for_each_two_judges_and_for_all():
    lines = tally.agreement(VOTES, ["x", "y", "z"])

    assert {"x, y": 0.5, "x, z": 0.5, "y, z": 0.25, "x, y, z": 0.25} == {
        line["judges"]: line["agreement"] for line in lines
    }
