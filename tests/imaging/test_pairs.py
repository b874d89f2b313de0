"""Reading listed pictures, from files of their own or from one that holds two."""

import numpy as np
import pytest

from unirain_core.artefacts.picture import Picture, other_half
from unirain_core.artefacts.roots import Roots
from unirain_core.errors import ChangedInputError
from unirain_core.imaging import codec, pairs
from unirain_core.imaging.codec import file_hash, write_png

RAINY, CLEAN = np.full((8, 10, 3), 200, np.uint8), np.full((8, 10, 3), 90, np.uint8)


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


def test_a_picture_whose_file_is_gone_says_so_and_how_to_go_on(roots):
    with pytest.raises(ChangedInputError, match="dvc repro"):
        pairs.read(Picture("pool", "gone.png", None, "0"), roots)


def test_the_middle_column_of_an_odd_file_belongs_to_neither_half(tmp_path, roots):
    both = np.concatenate([RAINY, np.zeros((8, 1, 3), np.uint8), CLEAN], axis=1)
    clean = stored(tmp_path, "both.png", both, "right")
    rainy, again = pairs.read_both(Picture("pool", "both.png", "left", clean.content_hash), clean, roots)

    np.testing.assert_array_equal(RAINY, rainy)
    np.testing.assert_array_equal(CLEAN, again)


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
