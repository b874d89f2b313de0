"""Flips, rankings and costs of an audit, by hand-counted votes."""

import numpy as np
import polars as pl
import pytest

from unirain_core.distill.audit.aims import (
    BATCH,
    CHECKS,
    ENGINE,
    NO_QUERY,
    ORDER,
    OTHER_TYPE,
    PARAPHRASE,
    PRECISION,
)
from unirain_core.distill.audit.measures import Audited, Said, lines

TRUTH = np.array([True, True, False, False])


def said(*p_yes, votes=None):
    p = np.array(p_yes)
    return Said(np.array(votes if votes is not None else p >= 0.5, dtype=np.int8), p)


BASE = said(0.9, 0.8, 0.2, 0.1)


def line(others, check, truth=TRUTH, base=BASE, judges=1, reasons=None):
    audited = [Audited(name=f"j{n}", base=base, others=others, reasons=reasons or {}) for n in range(judges)]
    return next(one for one in lines(audited, truth) if one.check is check and one.judge == "j0")


def test_a_flip_is_a_vote_that_differs_abstentions_included():
    others = {ORDER: {"2 1": said(0.9, 0.4, 0.2, 0.1), "1 2": said(0.9, 0.8, 0.6, 0.1, votes=[1, -1, 1, 0])}}
    told = line(others, ORDER)

    assert (3, 8) == (told.flips.successes, told.flips.trials)
    assert (3 / 8, "missed", "1 2") == (told.value, told.outcome, told.worst)
    assert (0.4 + 0.4) / 8 == pytest.approx(told.moved)


def test_no_flip_meets_every_aim():
    told = [line({check: {"": BASE}}, check) for check in (ORDER, PARAPHRASE, BATCH, ENGINE)]

    assert ["met"] * 4 == [one.outcome for one in told]


def test_without_the_query_the_ranking_should_be_that_of_chance():
    assert (1.0, "missed") == (line({NO_QUERY: {"": BASE}}, NO_QUERY).value, "missed")
    blind = line({NO_QUERY: {"": said(0.5, 0.5, 0.5, 0.5)}}, NO_QUERY)

    assert (0.5, "met", 0.5) == (blind.auroc, blind.outcome, blind.accuracy)


def test_a_judge_that_abstains_without_the_query_has_no_ranking_and_the_reason_says_why():
    told = line({NO_QUERY: {"": said(0.5, 0.5, 0.5, 0.5, votes=[-1, -1, -1, 0])}}, NO_QUERY)

    assert ("not measured", "it abstained on all good pairs, or on all faulty ones") == (
        told.outcome,
        told.reason,
    )


def test_wrong_references_cost_the_accuracy_that_they_take_away():
    """All four votes were right; of the others two are."""
    told = line({OTHER_TYPE: {"": said(0.9, 0.4, 0.6, 0.1)}}, OTHER_TYPE)

    assert (0.5, "met") == (told.value, told.outcome)
    assert "missed" == line({OTHER_TYPE: {"": BASE}}, OTHER_TYPE).outcome


def test_without_labels_only_flips_are_measured():
    others = {OTHER_TYPE: {"": BASE}, ORDER: {"2 1": BASE}}

    assert ("not measured", 0) == (
        line(others, OTHER_TYPE, None).outcome,
        line(others, OTHER_TYPE, None).flips.successes,
    )
    assert "known quality" in line(others, OTHER_TYPE, None).reason
    assert "met" == line(others, ORDER, None).outcome


def test_a_check_that_cannot_be_made_says_why():
    told = line({}, PRECISION, reasons={PRECISION: "it has one"})

    assert (None, "not measured", "it has one") == (told.value, told.outcome, told.reason)


def test_the_majority_flips_only_where_most_judges_do_and_only_where_all_were_asked():
    flipped = {ORDER: {"2 1": said(0.1, 0.8, 0.2, 0.1)}, BATCH: {"": BASE}}
    steady = {ORDER: {"2 1": BASE}}
    audited = [
        Audited(name=name, base=BASE, others=others)
        for name, others in (("x", flipped), ("y", flipped), ("z", steady))
    ]
    of_majority = {one.check: one for one in lines(audited, TRUTH) if one.judge == "majority"}
    alone = [Audited(name="x", base=BASE, others=flipped), *audited[2:] * 2]

    assert (1, 4) == counted(of_majority[ORDER])
    assert "not measured" == of_majority[BATCH].outcome
    assert (0, 4) == counted(next(one for one in lines(alone, TRUTH) if one.judge == "majority"))


def counted(one):
    return one.flips.successes, one.flips.trials


def test_every_judge_has_a_line_for_every_check():
    told = lines([Audited(name="x", base=BASE, others={})], TRUTH)

    assert [(name, check) for name in ("x", "majority") for check in CHECKS] == [
        (one.judge, one.check) for one in told
    ]


def test_votes_follow_from_threshold_and_mass():
    answers = pl.DataFrame({"judge": "j", "p_yes": [0.3, 0.3, 0.1], "mass": [1.0, 0.2, 1.0]})

    assert [1, -1, 0] == Said.of(answers, 0.25).votes.tolist()


@pytest.mark.parametrize(
    ("check", "aim", "value", "written"),
    [
        (ORDER, "<= 2.0 %", 0.0125, "1.2 %"),
        (PARAPHRASE, "<= 3.0 %", 0.5, "50.0 %"),
        (BATCH, "<= 1.0 %", 0.0, "0.0 %"),
        (ENGINE, "<= 1.0 %", None, "-"),
        (NO_QUERY, "<= 0.55", 0.613, "0.61"),
        (OTHER_TYPE, ">= 5.0 points", 0.125, "12.5 points"),
        (PRECISION, "", 0.1, "10.0 %"),
    ],
)
def test_a_figure_and_its_aim_are_written_alike(check, aim, value, written):
    assert (aim, written) == (check.aim, check.written(value))


@pytest.mark.parametrize(("value", "outcome"), [(0.02, "met"), (0.0201, "missed"), (None, "not measured")])
def test_an_aim_is_met_up_to_and_with_its_bound(value, outcome):
    assert outcome == ORDER.outcome(value)
