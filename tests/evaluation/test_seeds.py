"""Trainings that differ only in their seed are one line, with mean and standard deviation, and it is said which line is ahead."""

import doctest
from statistics import stdev

import pytest

from unirain_core.config.sections import Variant
from unirain_core.evaluation import differences, seeds
from unirain_core.evaluation.metrics import METRICS
from unirain_core.evaluation.seeds import groups, merged, verdicts
from unirain_core.evaluation.summary import Mean
from unirain_core.evaluation.tables import Table, comma_separated, figures, markdown

NAMES = [metric.name for metric in METRICS]


def variant(strategy, seed, network="small"):
    return Variant(split="rainrag", network=network, strategy=strategy, seed=seed)


VARIANTS = {
    "ours_1": variant("ours", 1),
    "ours": variant("ours", 0),
    "plain": variant("plain", 0),
    "plain_1": variant("plain", 1),
    "wide": variant("ours", 0, network="wide"),
}


def cell(psnr, ssim=0.5):
    return Mean(dict(zip(NAMES, (psnr, ssim, *("not measured",) * (len(NAMES) - 2)), strict=True)), 8)


def table(**psnr):
    lines = {name: (cell(value), cell(value)) for name, value in psnr.items()}
    return Table("test", "unirain", ("drs", "average"), lines)


WHOLE = table(input=20.0, ours_1=27.0, ours=26.0, plain=28.0, plain_1=28.5, wide=30.0)


def test_examples():
    assert 0 == doctest.testmod(seeds).failed == doctest.testmod(differences).failed


def test_the_smallest_seed_names_the_line_and_another_network_is_another_line():
    assert groups(VARIANTS) == {
        "ours": {1: "ours_1", 0: "ours"},
        "plain": {0: "plain", 1: "plain_1"},
        "wide": {0: "wide"},
    }


def test_a_line_has_the_mean_over_seeds_and_its_standard_deviation():
    lines = merged(WHOLE, groups(VARIANTS)).lines
    (ours, _), (plain, _) = lines["ours"], lines["plain"]

    assert ["input", "ours", "plain", "wide"] == list(lines)
    assert isinstance(ours, Mean)
    assert isinstance(plain, Mean)
    assert (26.5, 2) == (ours.figures["psnr"], ours.n_seeds)
    assert ours.spreads["psnr"] == pytest.approx(stdev([27.0, 26.0]))
    assert (28.25, 8) == (plain.figures["psnr"], plain.pairs)
    assert WHOLE.lines["wide"] == lines["wide"]


def test_the_spread_stands_behind_the_figure_and_the_number_of_seeds_behind_the_name():
    text = markdown(merged(WHOLE, groups(VARIANTS)))

    assert "| ours (2 seeds) | 26.50 ± 0.71 / " in text
    assert "| plain (2 seeds) | <u>28.25</u> ± 0.35 / " in text
    assert "| wide | **30.00** / " in text


def test_csv_and_report_have_spreads_and_seeds_too():
    both = merged(WHOLE, groups(VARIANTS))
    row = next(
        line for line in comma_separated([both]).splitlines() if line.startswith("test,unirain,ours,drs")
    )
    written = figures(both)

    assert ",8,2,0.7071," in row
    assert isinstance(written["ours"], dict)
    assert isinstance(written["wide"], dict)
    assert written["ours"]["drs"]["psnr_sd"] == pytest.approx(0.7071, abs=1e-4)
    assert "psnr_sd" not in written["wide"]["drs"]


def test_a_seed_without_figures_leaves_the_line_without_them():
    lines = dict(WHOLE.lines) | {"ours_1": ("no pair in test", "no type")}
    both = merged(Table("test", "unirain", WHOLE.columns, lines), groups(VARIANTS))

    assert ("no pair in test", "no type") == both.lines["ours"]


def test_each_other_line_is_compared_with_the_best_seed_by_seed():
    two = {name: one for name, one in VARIANTS.items() if name != "wide"}
    (sentence,) = verdicts(table(ours=26.0, ours_1=26.4, plain=28.0, plain_1=28.5), groups(two))

    # gains 2.0 and 2.1; half width 12.706 x 0.0707 / sqrt(2)
    assert sentence == (
        "test: plain is ahead of ours by 2.05 ± 0.64 dB in the average PSNR (2 seeds, 95 % interval), "
        "which is more than chance explains."
    )


def test_a_difference_within_its_interval_may_be_chance_and_one_seed_says_nothing_of_it():
    two = {name: one for name, one in VARIANTS.items() if name != "wide"}
    (wavering,) = verdicts(table(ours=26.0, ours_1=28.4, plain=28.0, plain_1=28.5), groups(two))
    one = {name: two[name] for name in ("ours", "plain")}
    (single,) = verdicts(table(ours=26.0, plain=28.0), groups(one))

    assert wavering.endswith("which chance may explain.")
    assert single == (
        "test: plain is ahead of ours by 2.00 dB in the average PSNR, with one seed: how far chance reaches is not known."
    )


def test_one_line_alone_is_ahead_of_nothing():
    assert [] == verdicts(table(ours=26.0), groups({"ours": VARIANTS["ours"]}))
