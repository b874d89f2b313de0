"""The sample of pairs that people label."""

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.cli.reviewed_pool import write_pool
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Pair
from unirain_core.distill.review import FAULTS, draw, subjects
from unirain_core.errors import MissingArtefactError

GROUPS = {("drs", "spa"): 5000, ("drs", "rain13k"): 300, ("drd", "raindrop"): 40, ("nrd", "hq"): 3}


@pytest.fixture(scope="module")
def pairs():
    rows = [
        {"pair_id": f"{dataset}/{number}", "dataset": dataset, "rain_type": rain_type}
        for (rain_type, dataset), count in GROUPS.items()
        for number in range(count)
    ]
    return pl.DataFrame(rows)


def counted(names):
    return Counter(name.partition("/")[0] for name in names)


def test_each_rain_type_has_its_share_and_in_it_each_dataset(pairs):
    shares = counted(draw(pairs, 60, 0))

    # 3 turns of three types, then 51 pairs of two types
    assert shares["hq"] == 3
    assert {shares["raindrop"], shares["spa"] + shares["rain13k"]} == {28, 29}
    assert abs(shares["spa"] - shares["rain13k"]) <= 1


def test_a_small_group_is_taken_whole_and_the_rest_is_filled(pairs):
    shares = counted(draw(pairs, 500, 0))

    assert (shares["hq"], shares["raindrop"], sum(shares.values())) == (3, 40, 500)
    assert shares["rain13k"] in (228, 229)


def test_a_smaller_sample_is_the_beginning_of_a_larger_one(pairs):
    assert draw(pairs, 200, 3)[:50] == draw(pairs, 50, 3)


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does(pairs):
    order = np.random.default_rng(0).permutation(len(pairs)).tolist()

    assert draw(pairs[order], 80, 1) == draw(pairs, 80, 1)
    assert draw(pairs, 80, 1) != draw(pairs, 80, 2)


def test_no_pair_is_asked_twice(pairs):
    names = draw(pairs, 10_000, 0)

    assert len(names) == len(set(names)) == len(pairs)


def test_a_subject_has_its_pair_and_its_references_the_best_first(tmp_path):
    write_pool(tmp_path)
    sample = subjects(tmp_path, 5, 0)

    assert len(sample) == 5
    for name, subject in sample.items():
        assert subject.pair.pair_id == name
        assert [photo.photo_id for photo in subject.references] == ["real/2", "real/1", "real/0"]


def test_before_the_references_the_stage_to_run_is_named(tmp_path):
    write_pool(tmp_path)
    (tmp_path / "data/references/references.parquet").unlink()

    with pytest.raises(MissingArtefactError, match="dvc repro retrieved_references"):
        subjects(tmp_path, 5, 0)


def test_each_fault_has_a_key_of_one_digit():
    assert len(FAULTS) <= 9


def test_pairs_that_are_only_scored_are_not_labelled(tmp_path):
    write_pool(tmp_path)
    file = tmp_path / "data/verified/pairs.parquet"
    first, *others = tables.read(file, Pair)
    tables.write(file, [replace(first, role="benchmark"), *others], Pair)

    assert {row.pair_id for row in others} == set(subjects(tmp_path, 1000, 0))
