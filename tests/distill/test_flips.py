import polars as pl

from unirain_core.artefacts.picture import Picture
from unirain_core.distill.ballots import Ballot
from unirain_core.distill.flips import n_unstable, turned, with_abstentions
from unirain_core.distill.judging import with_votes


def answers(p_yes, mass=1.0):
    masses = mass if isinstance(mass, list) else [mass] * len(p_yes)
    names = [f"set/{n}" for n in range(len(p_yes))]
    return pl.DataFrame({"pair_id": names, "judge": "j", "p_yes": p_yes, "mass": masses, "reason": "why"})


def test_a_vote_that_flips_with_the_order_of_the_references_is_an_abstention():
    stable = with_abstentions(answers([0.9, 0.9, 0.1, 0.6]), answers([0.8, 0.2, 0.7, 0.3]), 0.5)

    assert [True, None, None, None] == with_votes(stable, {"j": 0.5})["vote"].to_list()
    assert [
        "why",
        "unstable: yes with the references in their order, no in the reverse order",
        "unstable: no with the references in their order, yes in the reverse order",
        "unstable: yes with the references in their order, no in the reverse order",
    ] == stable["reason"].to_list()
    assert 3 == n_unstable(stable)


def test_the_judges_own_threshold_decides_what_a_flip_is():
    stable = with_abstentions(answers([0.9, 0.6]), answers([0.8, 0.3]), 0.2)

    assert [True, True] == with_votes(stable, {"j": 0.2})["vote"].to_list()


def test_no_answer_to_the_second_question_is_a_flip_and_none_to_the_first_stays_what_it_was():
    stable = with_abstentions(answers([0.9, 0.9], [1.0, 0.1]), answers([0.9, 0.9], [0.2, 1.0]), 0.5)

    assert [None, None] == with_votes(stable, {"j": 0.5})["vote"].to_list()
    assert [True, False] == stable["reason"].str.starts_with("unstable: yes").to_list()
    assert [0.0, 0.1] == stable["mass"].to_list()


def test_a_second_question_that_could_not_be_asked_is_an_abstention_for_its_own_reason():
    failed = answers([0.5], 0.0).with_columns(pl.lit("unanswered: timed out").alias("reason"))
    stable = with_abstentions(answers([0.9]), failed, 0.5)

    assert [None] == with_votes(stable, {"j": 0.5})["vote"].to_list()
    assert ["unanswered: with the references in the reverse order: timed out"] == stable["reason"].to_list()
    assert 0 == n_unstable(stable)


def test_the_second_question_shows_the_same_pictures_in_reverse_order():
    photos = tuple(Picture("pool", f"{name}.png", None, name) for name in "xyz")
    ballot = Ballot("set/a", "set", Picture("pool", "a.png", None, "a"), photos)
    ((other,),) = turned([[ballot]])

    assert (ballot.query, photos[::-1]) == (other.query, other.references)
