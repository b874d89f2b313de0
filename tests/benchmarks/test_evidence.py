"""The table of evidence: one row for each measurement, and how far the distilled set is ahead."""

import doctest
import statistics
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from benchmarks import evidence
from benchmarks.evidence import Row, comparison, read, rows_of, write
from unirain_core.config.load import load_params
from unirain_core.config.sections import Variant

ROOT = Path(__file__).parents[2]


def row(split, seed, psnr, rain_type="drs", benchmark="test"):
    return Row(
        split=split, seed=str(seed), benchmark=benchmark, rain_type=rain_type, psnr=str(psnr), ssim="0.5", pairs="8",
        train_pairs="100", steps="600", code="c",
    )  # fmt: skip


def test_the_examples_hold():
    assert doctest.testmod(evidence).failed == 0


def test_a_table_is_read_as_it_was_written_and_a_newer_measurement_replaces_an_older_one(tmp_path):
    table = tmp_path / "docs/evidence/sample.csv"
    write(table, [row("mixed", 1, 20.0), row("mixed", 0, 21.0)])
    write(table, [*read(table), row("mixed", 1, 22.0)])

    assert [("0", "21.0"), ("1", "22.0")] == [(one.seed, one.psnr) for one in read(table)]
    assert [] == read(tmp_path / "none.csv")


def test_only_seeds_of_both_are_compared_and_one_has_no_interval():
    text = comparison([row("rainrag", 0, 26.0), row("rainrag", 1, 27.0), row("mixed", 0, 25.5)])

    assert "| test | drs | +0.50 (one seed) |" in text
    assert "| test | average | +0.50 (one seed) |" in text


def test_the_average_is_that_of_the_rain_types():
    rows = [
        row("rainrag", 0, 26.0),
        row("rainrag", 0, 20.0, "nrd"),
        row("mixed", 0, 25.0),
        row("mixed", 0, 20.0, "nrd"),
    ]

    assert "| test | average | +0.50 (one seed) |" in comparison(rows)


def test_a_training_gives_a_row_for_each_rain_type_of_each_test_set(tmp_path):
    values = {"a": 20.0, "b": 24.0, "c": 30.0}
    scores = [
        {"benchmark": "test", "pair_id": name, "rain_type": "nrd" if name == "c" else "drs", "metric": metric, "value": value}
        for name, value in values.items()
        for metric, value in (("psnr", value), ("ssim", value / 100), ("colour_shift", 1.0))
    ]  # fmt: skip
    pl.DataFrame(scores).write_parquet(tmp_path / "scores.parquet")
    variant = Variant(split="mixed", network="small", strategy="uniform", seed=3)
    params = SimpleNamespace(variants={"mixed_3": variant})
    report = {"made_with": {"code": "abc"}, "counts": {"train_pairs": 100, "steps": 600}}
    found = list(rows_of("mixed_3", params, tmp_path / "scores.parquet", report))  # type: ignore[arg-type]

    assert [("drs", "22.0000", "0.220000", "2"), ("nrd", "30.0000", "0.300000", "1")] == [
        (one.rain_type, one.psnr, one.ssim, one.pairs) for one in found
    ]
    assert {("mixed", "3", "100", "600", "abc")} == {
        (one.split, one.seed, one.train_pairs, one.steps, one.code) for one in found
    }


@pytest.mark.parametrize("profile", ["params.evidence.yaml", "params.evidence-public.yaml"])
def test_each_profile_has_every_set_with_five_seeds_and_nothing_else_differs(profile):
    params = load_params(ROOT / profile)
    sets = ["rainrag", *params.training_splits]
    variants = params.variants

    assert {f"{name}_{seed}": (name, seed) for name in sets for seed in range(5)} == {
        name: (one.split, one.seed) for name, one in variants.items()
    }
    assert 1 == len({(one.network, one.strategy) for one in variants.values()})
    assert statistics.fmean(one.seed for one in variants.values()) == 2


@pytest.mark.parametrize(
    ("profile", "of"),
    [("params.evidence.yaml", "params.yaml"), ("params.evidence-public.yaml", "params.public-rain.yaml")],
)
def test_the_data_and_the_training_of_evidence_are_those_of_its_profile(profile, of):
    """What the tables say of evidence then holds for the profile that people run."""
    own, other = load_params(ROOT / profile), load_params(ROOT / of)
    same_crops = replace(
        own.training, clean_share=other.training.clean_share
    )  # the page says of which it was
    own = replace(own, training=same_crops)

    differ = {name for name in other.__slots__ if getattr(own, name) != getattr(other, name)}
    assert differ == {"training_splits", "strategies", "variants"}


@pytest.mark.parametrize("table", sorted((ROOT / "docs/evidence").glob("*.csv")), ids=lambda file: file.stem)
def test_the_page_of_evidence_shows_what_its_rows_say(table):
    rows = read(table)

    assert comparison(rows) in (ROOT / "docs/evidence/README.md").read_text(encoding="utf-8")
    assert 5 == len({row.seed for row in rows})
    assert len(rows) == len({row.place for row in rows})
