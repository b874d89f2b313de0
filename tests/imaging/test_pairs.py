"""Reading a pair, from two files or from one."""

import numpy as np
import pytest

from unirain_core.errors import ArtefactError
from unirain_core.imaging.codec import write_png
from unirain_core.imaging.pairs import read_pair

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


def test_a_file_that_is_gone_says_that_the_dataset_has_changed(tmp_path):
    with pytest.raises(ArtefactError, match="dvc repro"):
        read_pair(tmp_path / "rainy.png", tmp_path / "clean.png", None)
