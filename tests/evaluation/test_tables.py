"""Table 1 by hand."""

import csv
import io

import pytest

from unirain_core.artefacts.schemas import Score
from unirain_core.evaluation.summary import Mean
from unirain_core.evaluation.tables import (
    NO_LPIPS,
    caption,
    comma_separated,
    figures,
    latex,
    markdown,
    notes,
    table,
)

TYPES = ("drs", "nrd")


def score(method, kind, psnr, ssim=0.5, lpips=None, *, benchmark="test", protocol="unirain", pair="p"):
    return Score(
        method=method,
        benchmark=benchmark,
        pair_id=pair,
        rain_type=kind,
        psnr=psnr,
        ssim=ssim,
        lpips=lpips,
        protocol=protocol,
        data_hash="",
    )


SCORES = [
    score("input", "drs", 20.0, 0.50),
    score("input", "drs", 22.0, 1.00),
    score("input", "nrd", 30.0, 1.00),
    score("best_one", "drs", 28.0, 0.85),
    score("best_one", "nrd", 29.0, 0.95),
    score("best_one", "nrd", 99.0, benchmark="other"),
]


def test_a_cell_is_the_mean_of_its_pictures_and_the_average_counts_each_type_once():
    given = table(SCORES, "test", ["input", "best_one"], TYPES)

    assert given.columns == ("drs", "nrd", "average")
    assert given.lines["input"] == (
        Mean(21.0, 0.75, None, 2), Mean(30.0, 1.0, None, 1), Mean(25.5, 0.875, None, 3)
    )  # fmt: skip


def test_the_best_is_bold_and_the_second_underlined_for_each_figure_by_itself():
    text = markdown(table(SCORES, "test", ["input", "best_one"], TYPES)).splitlines()

    assert text[0] == "| method | drs | nrd | average |"
    assert text[2] == (
        "| input | <u>21.00</u> / <u>0.7500</u> | **30.00** / **1.0000** | <u>25.50</u> / <u>0.8750</u> |"
    )
    assert text[3] == (
        "| best_one | **28.00** / **0.8500** | <u>29.00</u> / <u>0.9500</u> | **28.50** / **0.9000** |"
    )


def test_equal_printed_figures_share_their_place():
    scores = [score("a", "drs", 20.001), score("b", "drs", 20.004), score("c", "drs", 19.0)]
    text = markdown(table(scores, "test", ["a", "b", "c"], ["drs"])).splitlines()

    assert text[2].startswith("| a | **20.00** /")
    assert text[3].startswith("| b | **20.00** /")
    assert text[4].startswith("| c | <u>19.00</u> /")


def test_a_cell_without_data_says_why():
    given = table([score("a", "drs", 20.0)], "test", ["a", "b"], TYPES)

    assert given.lines["a"][1:] == ("no pair in test", "a type is missing")
    assert given.lines["b"] == ("not scored on test", "not scored on test", "no type")
    assert "(no pair in test)" in markdown(given)
    assert figures(given) == {"a": {"drs": {"psnr": 20.0, "ssim": 0.5}}, "b": {}}


def test_two_protocols_never_stand_in_one_table():
    scores = [score("a", "drs", 20.0), score("b", "drs", 20.0, protocol="skimage_rgb")]

    with pytest.raises(ValueError, match="skimage_rgb"):
        table(scores, "test", ["a", "b"], TYPES)


def test_latex_escapes_names_and_marks_the_best():
    text = latex(table(SCORES, "test", ["input", "best_one"], TYPES))

    assert r"\begin{tabular}{lccc}" in text
    assert r"best\_one & \textbf{28.00} / \textbf{0.8500} & \underline{29.00} / \underline{0.9500}" in text


def test_csv_has_one_line_for_each_benchmark_method_and_column():
    made = [table(SCORES, name, ["input", "best_one"], TYPES) for name in ("test", "other")]
    rows = list(csv.DictReader(io.StringIO(comma_separated(made))))

    assert len(rows) == 2 * 2 * 3
    assert rows[0] == {
        "benchmark": "test", "protocol": "unirain", "method": "input", "rain_type": "drs",
        "psnr": "21.0000", "ssim": "0.750000", "lpips": "", "pairs": "2", "note": NO_LPIPS,
    }  # fmt: skip
    assert {row["note"] for row in rows if row["method"] == "input" and row["benchmark"] == "other"} == {
        "not scored on other", "no type"
    }  # fmt: skip


def test_lpips_stands_in_the_table_once_it_is_measured_and_the_smallest_is_best():
    scores = [score("a", "drs", 20.0, 0.5, 0.3), score("b", "drs", 20.0, 0.5, 0.1), score("c", "drs", 19.0)]
    given = table(scores, "test", ["a", "b", "c"], ["drs"])

    assert [
        "**20.00** / **0.5000** / <u>0.3000</u>",
        "**20.00** / **0.5000** / **0.1000**",
        "<u>19.00</u> / **0.5000** / n/a",
    ] == [line.split(" | ")[1] for line in markdown(given).splitlines()[2:]]
    assert {"psnr": 20.0, "ssim": 0.5, "lpips": 0.3} == figures(given)["a"]["drs"]  # type: ignore[index,call-overload]
    assert "LPIPS (smaller is better)" in caption(given)


def test_lpips_that_was_not_measured_says_what_to_supply_and_which_command_follows():
    (text,) = notes([table(SCORES, "test", ["input"], TYPES)])

    assert "LPIPS n/a: weights not found" in text
    assert "alexnet-owt-7be5be79.pth" in text
    assert "dvc repro --force" in text


def test_a_mean_of_lpips_is_of_all_the_pictures_or_it_is_none():
    one, other = score("a", "drs", 20.0, 0.5, 0.25), score("a", "drs", 20.0, 0.5, 0.75)

    assert 0.5 == table([one, other], "test", ["a"], ["drs"]).lines["a"][0].lpips  # type: ignore[union-attr]
    assert table([one, score("a", "drs", 20.0)], "test", ["a"], ["drs"]).lines["a"][0].lpips is None  # type: ignore[union-attr]
