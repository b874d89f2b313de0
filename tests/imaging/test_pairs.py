"""Reading a pair, from two files or from one."""

import numpy as np
import pytest

from unirain_core.errors import ChangedInputError
from unirain_core.imaging import pairs
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
