"""Table 1 by hand, and as it was before scores were rows of (metric, value)."""

import csv
import io
from pathlib import Path

import polars as pl
import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Score
from unirain_core.evaluation.metrics import METRICS
from unirain_core.evaluation.summary import Mean
from unirain_core.evaluation.tables import caption, comma_separated, figures, latex, markdown, notes, table_of

GOLDEN = Path(__file__).parents[1] / "golden/table1_of_wide_rows"
"""Fixed scores, and Table 1 as commit 15c6eed made it of them with a column for each metric in the rows."""

TYPES = ("drs", "nrd")
NAMES = [metric.name for metric in METRICS]
ABSENT = "not measured"


def score(
    method, kind, psnr, ssim=0.5, lpips=None, *, benchmark="test", protocol="unirain", pair="p", **more
):
    """The rows of one pair: one for each metric that is table."""
    table = {"psnr": psnr, "ssim": ssim, "lpips": lpips, **more}
    return [
        Score(
            method=method,
            benchmark=benchmark,
            pair_id=pair,
            rain_type=kind,
            metric=name,
            value=value,
            protocol=protocol,
            data_hash="",
        )
        for name, value in table.items()
        if value is not None
    ]


def columns(*pairs):
    """The columns of the rows of several pairs."""
    schema = tables.arrow_schema(Score)
    rows = [row for pair in pairs for row in pair]
    return pl.DataFrame(
        {name: [getattr(row, name) for row in rows] for name in schema.names},
        schema=pl.DataFrame(schema.empty_table()).schema,
    )


def mean(psnr, ssim, lpips, pairs, colour_shift=ABSENT):
    return Mean(dict(zip(NAMES, (psnr, ssim, lpips, colour_shift), strict=True)), pairs)


SCORES = columns(
    score("input", "drs", 20.0, 0.50, pair="p1"),
    score("input", "drs", 22.0, 1.00, pair="p2"),
    score("input", "nrd", 30.0, 1.00),
    score("best_one", "drs", 28.0, 0.85),
    score("best_one", "nrd", 29.0, 0.95),
    score("best_one", "nrd", 99.0, benchmark="other"),
)


def wide_rows():
    with (GOLDEN / "scores.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            yield score(
                row["method"],
                row["rain_type"],
                *(float(row[name]) for name in ("psnr", "ssim", "lpips")),
                benchmark=row["benchmark"],
                pair=row["pair_id"],
            )


def test_the_figures_of_a_fixed_set_of_scores_are_those_of_before_to_the_last_digit():
    scores = columns(*wide_rows())
    methods, types = ["input", "uniform", "gated_one"], ("drs", "drd", "nrs")
    made = [table_of(scores, name, methods, types) for name in ("test", "unfiltered")]
    before = list(csv.DictReader((GOLDEN / "table1.csv").read_text().splitlines()))
    after = list(csv.DictReader(comma_separated(made).splitlines()))

    assert (GOLDEN / "table1.md").read_text() == "\n".join(f"{caption(t)}\n\n{markdown(t)}" for t in made)
    assert (GOLDEN / "table1.tex").read_text() == "".join(latex(t) for t in made)
    assert before == [{name: row[name] for name in before[0]} | {"note": ""} for row in after]


def test_a_cell_is_the_mean_of_its_pictures_and_the_average_counts_each_type_once():
    table = table_of(SCORES, "test", ["input", "best_one"], TYPES)

    assert table.columns == ("drs", "nrd", "average")
    assert table.lines["input"] == (
        mean(21.0, 0.75, ABSENT, 2), mean(30.0, 1.0, ABSENT, 1), mean(25.5, 0.875, ABSENT, 3)
    )  # fmt: skip


def test_the_best_is_bold_and_the_second_underlined_for_each_figure_by_itself():
    text = markdown(table_of(SCORES, "test", ["input", "best_one"], TYPES)).splitlines()

    assert text[0] == "| method | drs | nrd | average |"
    assert text[2] == (
        "| input | <u>21.00</u> / <u>0.7500</u> | **30.00** / **1.0000** | <u>25.50</u> / <u>0.8750</u> |"
    )
    assert text[3] == (
        "| best_one | **28.00** / **0.8500** | <u>29.00</u> / <u>0.9500</u> | **28.50** / **0.9000** |"
    )


def test_equal_printed_figures_share_their_place():
    scores = columns(score("a", "drs", 20.001), score("b", "drs", 20.004), score("c", "drs", 19.0))
    text = markdown(table_of(scores, "test", ["a", "b", "c"], ["drs"])).splitlines()

    assert text[2].startswith("| a | **20.00** /")
    assert text[3].startswith("| b | **20.00** /")
    assert text[4].startswith("| c | <u>19.00</u> /")


def test_a_cell_without_data_says_why():
    table = table_of(columns(score("a", "drs", 20.0)), "test", ["a", "b"], TYPES)

    assert table.lines["a"][1:] == ("no pair in test", "a type is missing")
    assert table.lines["b"] == ("not scored on test", "not scored on test", "no type")
    assert "(no pair in test)" in markdown(table)
    assert figures(table) == {"a": {"drs": {"psnr": 20.0, "ssim": 0.5}}, "b": {}}


def test_two_protocols_never_stand_in_one_table():
    scores = columns(score("a", "drs", 20.0), score("b", "drs", 20.0, protocol="skimage_rgb"))

    with pytest.raises(ValueError, match="skimage_rgb"):
        table_of(scores, "test", ["a", "b"], TYPES)


def test_latex_escapes_names_and_marks_the_best():
    text = latex(table_of(SCORES, "test", ["input", "best_one"], TYPES))

    assert r"\begin{tabular}{lccc}" in text
    assert r"best\_one & \textbf{28.00} / \textbf{0.8500} & \underline{29.00} / \underline{0.9500}" in text


def test_csv_has_one_line_for_each_benchmark_method_and_column():
    made = [table_of(SCORES, name, ["input", "best_one"], TYPES) for name in ("test", "other")]
    rows = list(csv.DictReader(io.StringIO(comma_separated(made))))

    assert len(rows) == 2 * 2 * 3
    assert rows[0] == {
        "benchmark": "test", "protocol": "unirain", "method": "input", "rain_type": "drs",
        "psnr": "21.0000", "ssim": "0.750000", "lpips": "", "colour_shift": "", "pairs": "2",
        "seeds": "1", **dict.fromkeys(["psnr_sd", "ssim_sd", "lpips_sd", "colour_shift_sd"], ""),
        "note": "LPIPS: not measured; colour shift: not measured",
    }  # fmt: skip
    assert {row["note"] for row in rows if row["method"] == "input" and row["benchmark"] == "other"} == {
        "not scored on other", "no type"
    }  # fmt: skip


def test_lpips_stands_in_the_table_once_it_is_measured_and_the_smallest_is_best():
    scores = columns(
        score("a", "drs", 20.0, 0.5, 0.3), score("b", "drs", 20.0, 0.5, 0.1), score("c", "drs", 19.0)
    )
    table = table_of(scores, "test", ["a", "b", "c"], ["drs"])

    assert [
        "**20.00** / **0.5000** / <u>0.3000</u>",
        "**20.00** / **0.5000** / **0.1000**",
        "<u>19.00</u> / **0.5000** / (not measured)",
    ] == [line.split(" | ")[1] for line in markdown(table).splitlines()[2:]]
    assert {"psnr": 20.0, "ssim": 0.5, "lpips": 0.3} == figures(table)["a"]["drs"]  # type: ignore[index,call-overload]
    assert "LPIPS (smaller is better)" in caption(table)


def test_a_metric_that_is_not_main_has_one_column_with_its_average_and_the_smallest_is_best():
    scores = columns(
        score("a", "drs", 20.0, colour_shift=1.0),
        score("a", "nrd", 20.0, colour_shift=4.0),
        score("b", "drs", 20.0, colour_shift=3.0),
        score("b", "nrd", 20.0, colour_shift=1.0),
        score("c", "drs", 20.0, colour_shift=3.0),
    )
    table = table_of(scores, "test", ["a", "b", "c"], TYPES)
    head, _, *lines = markdown(table).splitlines()

    assert head == "| method | drs | nrd | average | colour shift |"
    assert ["<u>2.50</u> |", "**2.00** |", "(a type is missing) |"] == [
        line.rsplit("| ", 1)[1] for line in lines
    ]
    assert "1.00" not in lines[0]
    assert figures(table)["a"]["nrd"] == {"psnr": 20.0, "ssim": 0.5, "colour_shift": 4.0}  # type: ignore[index,call-overload]
    assert caption(table).endswith(
        "Column colour shift in grey levels (smaller is better): the average of the types."
    )
    assert r"\begin{tabular}{lcccc}" in latex(table)


def test_lpips_that_was_not_measured_says_what_to_supply_and_which_command_follows():
    (text,) = notes([table_of(SCORES, "test", ["input"], TYPES)])

    assert "LPIPS n/a: weights not found" in text
    assert "alexnet-owt-7be5be79.pth" in text
    assert "dvc repro --force" in text


def test_a_mean_is_of_all_the_pictures_or_its_cell_says_how_many_have_a_value():
    one, other = (score("a", "drs", 20.0, 0.5, lpips, pair=str(lpips)) for lpips in (0.25, 0.75))
    whole = table_of(columns(one, other), "test", ["a"], ["drs"])
    part = table_of(columns(one, score("a", "drs", 20.0)), "test", ["a"], ["drs"])

    assert 0.5 == whole.lines["a"][0].figures["lpips"]  # type: ignore[union-attr]
    assert "only 1 of 2 pictures" == part.lines["a"][0].figures["lpips"]  # type: ignore[union-attr]
    assert "LPIPS: only 1 of 2 pictures" in comma_separated([part])


def test_a_mean_that_is_no_number_stands_in_the_table():
    scores = columns(score("a", "drs", float("nan")), score("b", "drs", float("inf")))

    assert "nan" in markdown(table_of(scores, "test", ["a", "b"], ["drs"]))


def test_methods_of_which_nothing_is_scored_have_a_table_of_reasons():
    assert "| a | (not scored on test) | (no type) |" in markdown(table_of(columns(), "test", ["a"], ["drs"]))
