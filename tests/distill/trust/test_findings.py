"""Judges against known quality: hand-counted figures on a pool of eight pairs."""

import json
import math

import numpy as np
import polars as pl
import pytest

from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.labels import Label
from unirain_core.distill.trust import conclusions, lines, page
from unirain_core.distill.trust.acceptance import acceptances
from unirain_core.distill.trust.calibrated import calibrated
from unirain_core.distill.trust.findings import Labelled, findings
from unirain_core.distill.trust.quality import qualities
from unirain_core.distill.trust.ratings import Ratings, raters
from unirain_core.distill.trust.together import (
    Comparison,
    Independence,
    agreements,
    independence_of,
    majority_against_best,
)
from unirain_core.distill.trust.truth import PLANTED, UNNAMED, Truth, truths

JUDGES = ("x", "y", "z")
GOOD, SNOW, LINES = Truth(True, ""), Truth(False, "snow"), Truth(False, "lines")
TRUTH = {
    "set/1": GOOD, "set/2": GOOD, "set/3": GOOD, "set/4": GOOD,
    "two/5": SNOW, "two/6": SNOW, "two/7": LINES, "two/8": LINES,
}  # fmt: skip
TYPES = {name: "drs" if int(name[-1]) % 2 else "nrd" for name in TRUTH}
SAID: dict[str, list[bool | None]] = {
    "x": [True, True, True, False, False, False, True, False],
    "y": [True, True, False, True, False, True, False, False],
    "z": [True, False, True, True, True, False, True, None],
}
"""x errs on 4, 7; y on 3, 6; z on 2, 5, 7 and abstains on 8. The majority errs on 7 alone."""


def votes(said=SAID):
    rows = [
        {"pair_id": name, "judge": judge, "vote": vote, "p_yes": 0.8 if vote else 0.3, "threshold": 0.5}
        for judge, of_judge in said.items()
        for name, vote in zip(TRUTH, of_judge, strict=True)
    ]
    return pl.DataFrame(rows)


def ratings(said=SAID, truth=TRUTH, seed=0):
    return Ratings.of(votes(said), TYPES, truth, judges=JUDGES, seed=seed)


def line(rater, by="all", group="all", said=SAID):
    (found,) = (
        one
        for one in qualities(ratings(said), calibrated(ratings(said), 5), 5)
        if (one.rater, one.by, one.group) == (rater, by, group)
    )
    return found


def counts(one):
    return [(s.successes, s.trials) for s in (one.precision, one.recall, one.kept)]


def test_precision_and_recall_are_of_the_faulty_pairs():
    assert [(3, 4), (3, 4), (3, 4)] == counts(line("x"))
    assert [(3, 3), (3, 4), (4, 4)] == counts(line(MAJORITY))


def test_an_abstention_rejects_and_has_no_place_in_the_ranking():
    """z rejects 2, 6 and abstains on 8; of its answers 3 of 4 good ones are 0.8, as are 2 of 3 faulty ones."""
    one = line("z")

    assert [(2, 3), (2, 4), (3, 4)] == counts(one)
    assert (3 * 1 + 3 * 2 * 0.5 + 1 * 1 * 0.5) / 12 == pytest.approx(one.auroc)


def test_a_rain_type_has_its_own_pairs_and_a_fault_is_set_against_all_good_ones():
    assert (4, [(1, 1), (1, 2), (2, 2)]) == (
        line("x", "rain type", "drs").pairs,
        counts(line("x", "rain type", "drs")),
    )
    assert (6, [(1, 2), (1, 2), (3, 4)]) == (
        line("x", "fault", "lines").pairs,
        counts(line("x", "fault", "lines")),
    )


def test_the_majority_is_the_verdict_and_its_margin_that_of_the_middle_judge():
    of = ratings()
    middle = dict(zip(of.ids, of.majority.margin.tolist(), strict=True))

    assert middle["set/1"] == pytest.approx(0.3)
    assert middle["two/8"] == pytest.approx(-0.2)  # x and y alone
    assert [m > 0 for n, m in middle.items() if n != "two/8"] == [
        bool(a) for n, a in zip(of.ids, of.majority.accepts, strict=True) if n != "two/8"
    ]


def test_where_all_judges_abstain_the_majority_rejects_and_does_not_answer():
    of = ratings({judge: [None] * 8 for judge in JUDGES})

    assert not of.majority.accepts.any()
    assert not of.majority.answers.any()
    assert np.isnan(of.majority.margin).all()


def test_errors_are_correlated_over_all_pairs():
    wrong = np.array(
        [[0, 0, 0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0, 1, 0]], dtype=float
    )
    of = independence_of(ratings())
    rho = np.corrcoef(wrong)[np.triu_indices(3, k=1)].mean()

    assert rho == pytest.approx(of.mean)
    assert 3 / (1 + 2 * rho) == pytest.approx(of.effective)


def test_the_majority_is_compared_with_the_judge_that_is_right_most_often():
    """x is wrong on 4 and 7, the majority on 7."""
    assert Comparison(
        best="x", pairs=8, right_majority=7, right_best=6, only_majority=1, only_best=0, p_value=1.0
    ) == majority_against_best(ratings())


def test_people_agree_with_judges_on_disputed_pairs_too():
    ids = list(TRUTH)
    labels = [Label(name, "ann", good, "") for name, good in zip(ids, [True] * 4 + [False] * 4, strict=True)]
    labels += [Label(name, "bob", not label.reliable, "") for name, label in zip(ids, labels, strict=True)]
    labels.append(Label("set/1", "cem", None, ""))
    found = {(a.one, a.other): a for a in agreements(ids, raters(votes(), ids, JUDGES), labels)}

    assert 0 == len(truths(labels[:16]).of_pair)
    assert (8, 0.5) == (found["x", "person ann"].pairs, found["x", "person ann"].kappa)
    assert -1.0 == found["person ann", "person bob"].kappa
    assert 7 == found["z", "person bob"].pairs
    assert ("x", "person cem") not in found


class TestTruths:
    def test_most_people_decide_and_the_fault_that_most_of_them_name(self):
        labels = [
            Label("a", "ann", False, "snow"), Label("a", "bob", False, "lines"), Label("a", "cem", False, "snow"),
            Label("a", "dan", True, ""), Label("b", "ann", False, ""), Label("c", "ann", None, ""),
            Label("d", "ann", True, ""), Label("d", "bob", False, "snow"),
        ]  # fmt: skip
        known = truths(labels)

        assert {"a": SNOW, "b": Truth(False, UNNAMED)} == known.of_pair
        assert {"c", "d"} == known.disputed

    def test_the_ledger_outweighs_everybody(self):
        labels = [
            Label("a", "ann", True, ""),
            Label("a", "bob", True, ""),
            Label("a", PLANTED, False, "snow"),
        ]

        assert {"a": SNOW} == truths(labels).of_pair


def test_acceptance_counts_judges_on_drawn_pairs_and_the_majority_on_all():
    verdicts = pl.DataFrame({"pair_id": ["set/1", "two/5", "two/6"], "verdict": [True, False, True]})
    drawn = lambda ids: (ids != "two/6").to_numpy()  # noqa: E731
    found = {
        (one.dataset, one.rater): (one.accepted.successes, one.accepted.trials)
        for one in acceptances([votes()[:8], votes()[8:]], [verdicts], drawn)
    }

    assert {("two", "x"): (1, 3), ("two", "z"): (2, 3), ("set", "y"): (3, 4), ("two", MAJORITY): (1, 2)} == {
        key: found[key] for key in (("two", "x"), ("two", "z"), ("set", "y"), ("two", MAJORITY))
    }


def of_everything(said=SAID, truth=TRUTH):
    ids = list(truth)
    labels = [Label(name, "ann", t.is_good, t.kind) for name, t in truth.items()]
    return findings(
        ratings(said, truth),
        Labelled(ids=ids, raters=raters(votes(said), ids, JUDGES), labels=labels),
        n_bins=5,
        left_out={"disputed": 2},
        acceptances=[],
    )


def test_calibration_is_measured_on_pairs_that_the_scaling_did_not_see():
    one = of_everything().calibration[0]

    assert (4, 4) == (one.fitted_on, one.held_out)
    assert 4 == sum(part.pairs for part in one.before) == sum(part.pairs for part in one.after)


def test_the_calibration_error_of_a_group_is_of_its_held_out_pairs_and_of_all_that_of_the_diagram():
    found = of_everything()
    of_group = {(one.rater, one.group): one for one in found.qualities}
    of = ratings()
    held_out = of.ids[4:]
    drs = [name for name in held_out if TYPES[name] == "drs"]
    x = dict(zip(TRUTH, SAID["x"], strict=True))
    error = {}
    for said in (True, False):
        good = [TRUTH[name].is_good for name in drs if x[name] is said]
        error[said] = abs(sum(good) - len(good) * (0.8 if said else 0.3))

    assert sum(error.values()) / len(drs) == pytest.approx(of_group["x", "drs"].ece_before)
    for one in found.calibration:
        whole = of_group[one.rater, "all"]
        assert (one.ece_before, one.ece_after) == (whole.ece_before, whole.ece_after)


def test_another_seed_draws_another_half():
    assert sorted(ratings(seed=0).ids) == sorted(ratings(seed=1).ids)
    assert ratings(seed=0).ids != ratings(seed=1).ids


@pytest.mark.parametrize("truth", [{}, {"set/1": GOOD}, {"two/5": SNOW, "two/6": SNOW}])
def test_few_labels_or_labels_of_one_kind_give_a_page_and_a_report(truth):
    found = of_everything(truth=truth)
    html = page.page(found, found.conclusions)

    assert f"on {len(truth)} pairs of known quality" in html
    assert len(truth) == json.loads(json.dumps(lines.figures(found)))["majority_against_best"]["pairs"]
    assert "nan" not in html.lower().replace("nance", "")


def test_the_page_says_first_how_many_labels_whose_and_what_follows():
    found = of_everything()
    html = page.page(found, ["stand-ins measured <statistics>", *found.conclusions])
    text = html[html.index("<main>") :]

    assert (
        text.index("8 pairs of known quality: 4 good and 4 faulty. Labels by ann: 8 (4 yes, 4 no, 0 unsure)")
        < 400
    )
    assert "disputed: 2" in text
    assert "stand-ins measured &lt;statistics&gt;" in text
    assert "<li>The majority is 12.5 points better than its best judge, x" in text
    assert "which chance alone may explain" in text
    assert "http" not in html


def test_every_line_of_a_table_has_as_many_cells_as_its_head():
    html = page.page(of_everything(), [])
    tables = html.split("<table>")[1:]

    assert 7 == len(tables)
    for table in tables:
        lines = table.partition("</table>")[0].split("</tr>")[:-1]
        assert 1 == len({line.count("<td") + line.count("<th>") for line in lines}), table


def compared(**changes):
    base = {
        "best": "x",
        "pairs": 100,
        "right_majority": 90,
        "right_best": 80,
        "only_majority": 10,
        "only_best": 0,
    }
    return Comparison(**{**base, "p_value": 0.002, **changes})


@pytest.mark.parametrize(
    ("comparison", "sentence"),
    [
        (
            compared(),
            "The majority is 10.0 points better than its best judge, x (right on 90 and 80 of 100 pairs",
        ),
        (compared(right_majority=75), "The majority is 5.0 points worse than its best judge"),
        (compared(right_best=90), "The majority is right as often as its best judge, x"),
    ],
)
def test_the_conclusion_says_what_the_counts_say(comparison, sentence):
    known = Independence(np.eye(3), 0.25, 2.0)
    votes_said, majority_said = conclusions.conclusions(known, comparison, [])

    assert votes_said == (
        "The 3 judges are worth 2.00 independent votes, since their errors correlate by 0.25 on average."
    )
    assert majority_said.startswith(sentence)
    assert "chance" not in majority_said


def test_judges_that_never_err_together_leave_the_number_of_votes_open():
    unknown = Independence(np.full((3, 3), math.nan), None, None)

    assert "is not known" in conclusions.conclusions(unknown, compared(), [])[0]
