"""Which pairs are shown, and means."""

import math

import numpy as np
import polars as pl

from tests.evaluation.test_tables import columns, score
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.evaluation.summary import by_type, means, picture_name, shown


def rows(count):
    return [
        SplitRow(
            pair_id=f"a/{n}",
            rain_type=("drs", "nrd")[n % 2],
            scene_id="s",
            root="r",
            input="i",
            target="t",
            halves=None,
            input_hash="",
            target_hash="",
        )
        for n in range(count)
    ]


def test_the_shown_pairs_do_not_depend_on_the_order_and_fewer_are_the_first_of_more():
    all_of_them = rows(40)
    three = shown(all_of_them, 3)

    assert three == shown(all_of_them[::-1], 3)
    assert ["drs"] * 3 + ["nrd"] * 3 == [row.rain_type for row in three]
    assert shown(all_of_them, 1) == [three[0], three[3]]


def test_a_type_with_fewer_pairs_shows_them_all():
    assert len(shown(rows(3), 4)) == 3


def test_every_pair_has_a_file_name_of_its_own():
    assert len({picture_name(row.pair_id) for row in rows(40)}) == 40


def test_no_scores_have_no_means():
    assert {} == means(columns())
    assert [] == by_type(columns())


def test_a_report_has_the_means_of_each_benchmark_and_type_and_null_for_a_metric_without():
    scores = columns(
        score("m", "nrd", 20.0, 0.5, 0.25, benchmark="test", pair="1"),
        score("m", "drs", 30.0, 1.0, benchmark="test", pair="2"),
        score("m", "drs", 40.0, 0.5, benchmark="test", pair="3"),
        score("m", "drs", 10.0, 0.5, benchmark="other", pair="1"),
    )

    assert by_type(scores) == [
        {"benchmark": "test", "rain_type": "drs", "psnr": 35.0, "ssim": 0.75, "lpips": None, "colour_shift": None, "pairs": 2},
        {"benchmark": "test", "rain_type": "nrd", "psnr": 20.0, "ssim": 0.5, "lpips": 0.25, "colour_shift": None, "pairs": 1},
        {"benchmark": "other", "rain_type": "drs", "psnr": 10.0, "ssim": 0.5, "lpips": None, "colour_shift": None, "pairs": 1},
    ]  # fmt: skip


def test_a_mean_depends_neither_on_the_order_of_the_rows_nor_on_the_number_of_threads():
    """Polars' own mean of these rows differs in its last digits from order to order."""
    n = 60_000
    values = np.random.default_rng(0).lognormal(0, 3, n)
    same = {name: ["x"] * n for name in ("method", "benchmark", "rain_type")}
    scores = pl.DataFrame(
        {**same, "metric": ["psnr"] * n, "pair_id": [str(i) for i in range(n)], "value": values}
    )
    shuffled = scores.sample(fraction=1.0, shuffle=True, seed=1)

    assert scores["value"].mean() != shuffled["value"].mean()
    assert means(scores) == means(shuffled)
    assert math.fsum(values) / n == means(scores)["x", "x", "x"].figures["psnr"]
