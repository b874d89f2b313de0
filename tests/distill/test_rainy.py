"""The rainy pictures of pairs and photos, as the stages that look at pictures read them."""

from dataclasses import replace

import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.schemas import Pair, RealPhoto
from unirain_core.distill import rainy
from unirain_core.distill.rainy import Rainy


def pair(number, halves=None):
    return Pair(
        pair_id=f"set/{number}", dataset="set", rain_type="drs", origin="synthetic", role="train", root="pool",
        input=f"{number}.png", target="clean.png", halves=halves, scene_id="s", width=96, height=64, mode="RGB",
        clean_hash=b"", input_hash=f"hash of {number}", target_hash="t",
    )  # fmt: skip


def photo(number):
    return RealPhoto(
        photo_id=f"real/{number}", dataset="real", root="pool", input=f"{number}.png", width=96, height=64,
        mode="RGB", input_hash=f"hash of {number}",
    )  # fmt: skip


def test_a_pair_is_its_rainy_half_with_its_type_and_a_photo_has_none(tmp_path):
    tables.write(tmp_path / rainy.PAIRS, [pair(0), pair(1, "left")], Pair)
    tables.write(tmp_path / rainy.PHOTOS, [photo(7)], RealPhoto)

    assert [
        Rainy("set/0", "set", "drs", Picture("pool", "0.png", None, "hash of 0")),
        Rainy("set/1", "set", "drs", Picture("pool", "1.png", "right", "hash of 1")),
    ] == [row for batch in rainy.pairs(tmp_path) for row in batch]
    assert [[Rainy("real/7", "real", None, photo(7).rainy)]] == list(rainy.photos(tmp_path))


@pytest.mark.parametrize("half", ["left", "right", None])
def test_the_picture_is_the_one_that_the_whole_row_says(tmp_path, half):
    tables.write(tmp_path / rainy.PAIRS, [pair(0, half)], Pair)

    assert [pair(0, half).rainy] == [row.picture for batch in rainy.pairs(tmp_path) for row in batch]


def test_all_rows_come_in_batches_in_their_order_but_for_those_that_are_left_out(tmp_path):
    many = tables.GROUP_ROWS + 3
    tables.write(tmp_path / rainy.PHOTOS, [photo(number) for number in range(many)], RealPhoto)
    batches = list(rainy.photos(tmp_path, without={"real/1", f"real/{many - 1}"}))

    assert [tables.GROUP_ROWS - 1, 2] == [len(batch) for batch in batches]
    expected = [f"real/{number}" for number in range(many) if number not in (1, many - 1)]
    assert expected == [row.id for batch in batches for row in batch]


def test_pairs_that_are_only_scored_are_none_of_them_and_leave_with_their_reason(tmp_path):
    apart = replace(pair(1), role="benchmark", rain_type="nrd")
    tables.write(tmp_path / rainy.PAIRS, [pair(0), apart, replace(pair(2), role="test")], Pair)

    assert ["set/0", "set/2"] == [row.id for batch in rainy.pairs(tmp_path) for row in batch]
    assert [
        {"pair_id": "set/1", "dataset": "set", "rain_type": "nrd", "reason": "benchmark_only", "other": None}
    ] == rainy.only_scored(tmp_path).drop("role").to_dicts()
    tables.write(tmp_path / rainy.PAIRS, [], Pair)
    assert rainy.only_scored(tmp_path).is_empty()
