from itertools import permutations
from typing import get_args

import numpy as np
import pytest

from unirain_core.artefacts.picture import Picture
from unirain_core.distill.audit.altered import Alteration, AlteredJudge
from unirain_core.distill.audit.questions import MOST_ORDERS, of_another_type, orders
from unirain_core.distill.ballots import Ballot
from unirain_core.distill.judges.judge import Judge, Question, Response, prompt_hash
from unirain_core.engine.pools import Device


def ballot(name, photos):
    pictures = tuple(Picture("pool", f"{photo}.png", None, photo) for photo in photos)
    return Ballot(name, "set", Picture("pool", f"{name}.png", None, name), pictures)


def shown(one):
    return "".join(picture.content_hash for picture in one.references)


def test_three_references_have_five_other_orders():
    others = orders([ballot("a", "xyz"), ballot("b", "uvw")])

    assert ["1 3 2", "2 1 3", "2 3 1", "3 1 2", "3 2 1"] == list(others)
    assert {"".join(p) for p in permutations("xyz")} - {"xyz"} == {shown(rows[0]) for rows in others.values()}
    assert ["yzx", "vwu"] == [shown(one) for one in others["2 3 1"]]


@pytest.mark.parametrize(("photos", "n_orders"), [("", 0), ("x", 0), ("xy", 1), ("vwxyz", MOST_ORDERS - 1)])
def test_few_references_have_few_orders_and_many_are_cut_off(photos, n_orders):
    assert n_orders == len(orders([ballot("a", photos)]))


def test_references_of_another_type_come_from_a_query_of_another_type_and_the_same_every_time():
    asked = [ballot("a", "xyz"), ballot("b", "uvw"), ballot("c", "rst")]
    types = {"a": "drs", "b": "nrd", "c": "drs"}
    others = of_another_type(asked, types, 0)

    assert ["a", "b", "c"] == [one.id for one in others]
    assert ("uvw", "uvw") == (shown(others[0]), shown(others[2]))
    assert shown(others[1]) in ("xyz", "rst")
    assert others == of_another_type(asked, types, 0)


def test_one_rain_type_has_no_other():
    assert [] == of_another_type([ballot("a", "xyz")], {"a": "drs"}, 0)


class Watched:
    """Notes what it is shown, and in how large batches."""

    name, prompt, version = "w", "P", "v"
    device: Device = "cpu"

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.shown: list[list[tuple[int, list[int]]]] = []

    def judge(self, questions):
        self.shown.append([(int(q.query.max()), [int(r.max()) for r in q.references]) for q in questions])
        return [Response(p_yes=0.5, mass=1.0, reply="", reason="") for _ in questions]


QUESTION = Question(np.full((4, 6, 3), 9, np.uint8), [np.full((5, 5, 3), n, np.uint8) for n in (7, 8)])


@pytest.mark.parametrize(
    ("alteration", "seen"),
    [
        ("no query", [[(0, [7, 8])] * 3]),
        ("no references", [[(9, [0, 0])] * 3]),
        ("other batch", [[(9, [7, 8])]] * 3),
    ],
)
def test_what_is_blacked_out_is_black_and_another_batch_is_of_one(alteration, seen):
    judge = Watched(4)
    answers = AlteredJudge(judge, alteration).judge([QUESTION] * 3)

    assert (3, seen) == (len(answers), judge.shown)
    assert 9 == QUESTION.query.max()


def test_where_one_is_the_usual_batch_the_other_is_of_two():
    judge = Watched(1)
    AlteredJudge(judge, "other batch").judge([QUESTION] * 3)

    assert [2, 1] == [len(batch) for batch in judge.shown]


def test_answers_of_an_altered_judge_stand_under_keys_of_their_own():
    judges: list[Judge] = [Watched(4)]
    for alteration in get_args(Alteration):
        judges.append(AlteredJudge(Watched(4), alteration))

    assert 4 == len(set(map(prompt_hash, judges)))
    assert AlteredJudge(Watched(4), "no query").batch == 4
