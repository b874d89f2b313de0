"""Reading listed pictures, from files of their own or from one that holds two."""

import numpy as np
import pytest

from unirain_core.artefacts.picture import Picture, other_half
from unirain_core.artefacts.roots import Roots
from unirain_core.errors import ChangedInputError
from unirain_core.imaging import codec, pairs
from unirain_core.imaging.codec import file_hash, write_png


def read_pair(rainy, clean, halves):
    """The pair as it is listed now."""
    return pairs.read_pair(rainy, clean, halves, rainy_hash=file_hash(rainy), clean_hash=file_hash(clean))


RAINY, CLEAN = np.full((8, 10, 3), 200, np.uint8), np.full((8, 10, 3), 90, np.uint8)


def test_two_files_are_read_in_their_order(tmp_path):
    write_png(tmp_path / "rainy.png", RAINY)
    write_png(tmp_path / "clean.png", CLEAN)
    rainy, clean = read_pair(tmp_path / "rainy.png", tmp_path / "clean.png", None)

    np.testing.assert_array_equal(RAINY, rainy)
    np.testing.assert_array_equal(CLEAN, clean)


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_file_is_cut_in_two_and_its_middle_column_left_out(tmp_path, side):
    middle = np.zeros((8, 1, 3), np.uint8)
    parts = [CLEAN, middle, RAINY] if side == "left" else [RAINY, middle, CLEAN]
    write_png(tmp_path / "both.png", np.concatenate(parts, axis=1))
    rainy, clean = read_pair(tmp_path / "both.png", tmp_path / "both.png", side)

    np.testing.assert_array_equal(RAINY, rainy)
    np.testing.assert_array_equal(CLEAN, clean)


def test_a_file_that_is_gone_says_that_it_has_changed(tmp_path):
    with pytest.raises(ChangedInputError, match="dvc repro"):
        pairs.read_pair(tmp_path / "rainy.png", tmp_path / "clean.png", None, rainy_hash="0", clean_hash="0")


@pytest.mark.parametrize("side", ["rainy", "clean"])
def test_another_content_than_was_listed_is_refused(tmp_path, side):
    write_png(tmp_path / "rainy.png", RAINY)
    write_png(tmp_path / "clean.png", CLEAN)
    hashes = {f"{name}_hash": file_hash(tmp_path / f"{name}.png") for name in ("rainy", "clean")}
    write_png(tmp_path / f"{side}.png", RAINY - 1)

    with pytest.raises(ChangedInputError, match=f"{side}.png has changed since it was listed"):
        pairs.read_pair(tmp_path / "rainy.png", tmp_path / "clean.png", None, **hashes)


def test_a_changed_rainy_picture_is_refused_without_its_clean_one(tmp_path):
    write_png(tmp_path / "rainy.png", RAINY)

    with pytest.raises(ChangedInputError, match="has changed"):
        pairs.read_rainy(tmp_path / "rainy.png", None, listed="0" * 32)


@pytest.fixture
def roots(tmp_path):
    return Roots(tmp_path, {"pool": "."})


def stored(folder, name, pixels, half=None):
    """A picture that is listed as it stands."""
    write_png(folder / name, pixels)
    return Picture("pool", name, half, file_hash(folder / name))


def test_a_picture_is_the_whole_file_or_one_half_of_it(tmp_path, roots):
    middle = np.zeros((8, 1, 3), np.uint8)
    both = np.concatenate([CLEAN, middle, RAINY], axis=1)
    clean = stored(tmp_path, "both.png", both, "left")
    rainy = Picture("pool", "both.png", "right", clean.content_hash)

    np.testing.assert_array_equal(RAINY, pairs.read(rainy, roots))
    np.testing.assert_array_equal(CLEAN, pairs.read(clean, roots))
    np.testing.assert_array_equal(both, pairs.read(clean.whole, roots))


def test_a_picture_whose_file_has_another_content_is_refused(tmp_path, roots):
    picture = stored(tmp_path, "a.png", RAINY)
    write_png(tmp_path / "a.png", CLEAN)

    with pytest.raises(ChangedInputError, match=r"a\.png has changed since it was listed"):
        pairs.read(picture, roots)


def test_a_picture_that_no_listing_has_hashed_is_never_loaded(tmp_path, roots):
    stored(tmp_path, "a.png", RAINY)

    with pytest.raises(ChangedInputError, match="has changed since it was listed"):
        pairs.read(Picture("pool", "a.png"), roots)


@pytest.mark.parametrize(("halves", "files"), [("left", 1), ("right", 1), (None, 2)])
def test_both_pictures_are_those_that_each_is_and_one_file_is_decoded_once(
    tmp_path, roots, monkeypatch, halves, files
):
    if halves is None:
        rainy, clean = stored(tmp_path, "rainy.png", RAINY), stored(tmp_path, "clean.png", CLEAN)
    else:
        parts = [CLEAN, RAINY] if halves == "left" else [RAINY, CLEAN]
        clean = stored(tmp_path, "both.png", np.concatenate(parts, axis=1), halves)
        rainy = Picture("pool", "both.png", other_half(halves), clean.content_hash)
    decoded: list[int] = []
    decode = codec.decode

    def counted(content, **options):
        decoded.append(len(content))
        return decode(content, **options)

    monkeypatch.setattr(codec, "decode", counted)
    both = pairs.read_both(rainy, clean, roots)

    assert files == len(decoded)
    np.testing.assert_array_equal(RAINY, both[0])
    np.testing.assert_array_equal(CLEAN, both[1])


def test_a_picture_in_a_store_is_read_like_one_on_a_disk(tmp_path, store):
    picture = stored(tmp_path, "a.png", RAINY)
    store.put("pool/a.png", (tmp_path / "a.png").read_bytes())

    np.testing.assert_array_equal(RAINY, pairs.read(picture, Roots(tmp_path, {"pool": "s3://rain/pool"})))
