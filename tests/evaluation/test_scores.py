"""From what was computed of pairs to rows of scores; `tests/stages/test_benchmarks.py` runs the whole."""

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Score, SplitRow
from unirain_core.engine.store import digest
from unirain_core.evaluation.scores import Scored, Task, score_rows

THIRD = 1 / 3
"""A number that float32 does not hold."""


def task(name, kind="drs"):
    row = SplitRow(
        pair_id=name, rain_type=kind, scene_id="s", root="r", input="i", target="t", halves=None, input_hash="in",
        target_hash=name,
    )  # fmt: skip
    return Task(row, "test", is_shown=False)


def scored(**values):
    return Scored(metrics=tuple(values), values=tuple(values.values()), picture=None)


def test_a_pair_has_a_row_for_each_metric_that_applies_to_it_and_pairs_keep_their_order():
    rows = score_rows(
        "ours",
        "unirain",
        [
            (task("b"), scored(psnr=1.0, ssim=THIRD)),
            (task("a", "nrd"), scored(ssim=2.0)),
            (task("c"), scored()),
        ],
    )

    assert [("b", "psnr", 1.0), ("b", "ssim", THIRD), ("a", "ssim", 2.0)] == rows.select(
        "pair_id", "metric", "value"
    ).rows()
    assert ["drs", "drs", "nrd"] == rows["rain_type"].to_list()
    assert {("ours", "test", "unirain")} == set(rows.select("method", "benchmark", "protocol").rows())
    assert digest("in", "a") == rows["data_hash"][2]


def test_rows_are_written_as_the_class_s_columns_also_where_there_are_none(tmp_path):
    for pairs in ([], [(task("a"), scored(psnr=THIRD))]):
        with tables.writer(tmp_path / "scores.parquet", Score) as table:
            table.columns(score_rows("ours", "unirain", pairs))

        assert [THIRD] * len(pairs) == [row.value for row in tables.read(tmp_path / "scores.parquet", Score)]


def test_what_the_store_keeps_of_a_pair_comes_back_to_the_last_bit(tmp_path):
    rows = [scored(psnr=THIRD, ssim=0.1), scored(), Scored(metrics=("x",), values=(-THIRD,), picture=b"png")]
    tables.write(tmp_path / "t.parquet", rows, Scored)

    assert rows == tables.read(tmp_path / "t.parquet", Scored)
