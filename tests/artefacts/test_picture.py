"""A row names its pictures; rainy and clean picture of one file are two values."""

from dataclasses import fields

import pytest

from unirain_core.artefacts.picture import Picture, other_half
from unirain_core.artefacts.schemas import ManifestRow, Pair, RealPhoto, SplitRow

LISTED = ManifestRow(
    pair_id="set/a", dataset="set", rain_types=("drs",), origin="real", role="train", root="pool", input="in/a.png",
    target="gt/a.png", halves=None, group=None, input_bytes=1, target_bytes=1, input_hash="1", target_hash="2",
)  # fmt: skip


def row_of(row_class, **values):
    """A row whose other columns are empty."""
    empty = {field.name: "" for field in fields(row_class)}
    return row_class(**(empty | values))


@pytest.mark.parametrize("row_class", [Pair, SplitRow])
def test_the_pictures_of_a_pair_are_two_files_or_two_halves_of_one(row_class):
    two = row_of(
        row_class,
        root="pool",
        input="in/a.png",
        target="gt/a.png",
        halves=None,
        input_hash="1",
        target_hash="2",
    )
    one = row_of(
        row_class, root="pool", input="a.png", target="a.png", halves="left", input_hash="1", target_hash="1"
    )

    assert (Picture("pool", "in/a.png", None, "1"), Picture("pool", "gt/a.png", None, "2")) == (
        two.rainy,
        two.clean,
    )
    assert (Picture("pool", "a.png", "right", "1"), Picture("pool", "a.png", "left", "1")) == (
        one.rainy,
        one.clean,
    )
    assert one.rainy != one.clean
    assert one.rainy.whole == one.clean.whole


def test_a_manifest_row_leaves_the_clean_file_of_two_halves_and_of_a_photo_empty():
    joint = row_of(
        ManifestRow, root="pool", input="a.png", target=None, halves="right", input_hash="1", target_hash=None
    )
    photo = row_of(
        ManifestRow, root="pool", input="a.png", target=None, halves=None, input_hash="1", target_hash=None
    )

    assert (Picture("pool", "in/a.png", None, "1"), Picture("pool", "gt/a.png", None, "2")) == (
        LISTED.rainy,
        LISTED.clean,
    )
    assert (Picture("pool", "a.png", "left", "1"), Picture("pool", "a.png", "right", "1")) == (
        joint.rainy,
        joint.clean,
    )
    assert (Picture("pool", "a.png", None, "1"), None) == (photo.rainy, photo.clean)


def test_a_photo_is_its_whole_file():
    assert (
        Picture("pool", "a.png", None, "1")
        == row_of(RealPhoto, root="pool", input="a.png", input_hash="1").rainy
    )


def test_a_half_is_left_or_right():
    with pytest.raises(ValueError, match="a half is left or right, found 'top'"):
        other_half("top")
