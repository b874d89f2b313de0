from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.errors import ChangedInputError
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.training.pairs import Example, Pictures, centre_crop, random_crop, read_pair, to_tensors

ROW = SplitRow(
    pair_id="toy/a", rain_type="drs", scene_id="s", root="toy", input="a.png", target="b.png",
    halves=None, input_hash="", target_hash="",
)  # fmt: skip


def gradient(height, width):
    """A picture whose pixels say where they stand."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows * 0], axis=-1).astype(np.uint8)


@pytest.fixture
def roots(tmp_path):
    write_png(tmp_path / "a.png", gradient(4, 7))
    write_png(tmp_path / "b.png", 255 - gradient(4, 7))
    return Roots(project=tmp_path, local={"toy": str(tmp_path)})


@pytest.fixture
def listed(roots):
    """The row with the hashes of its files."""
    folder = roots.folder("toy")
    return replace(ROW, input_hash=file_hash(folder / "a.png"), target_hash=file_hash(folder / "b.png"))


def test_a_pair_is_its_two_files(roots, listed):
    example = read_pair(listed, roots)

    assert gradient(4, 7).tolist() == example.rainy.tolist()
    assert (255 - gradient(4, 7)).tolist() == example.clean.tolist()


@pytest.mark.parametrize(("halves", "clean_starts"), [("left", 0), ("right", 4)])
def test_a_picture_that_holds_both_is_cut_in_two(roots, listed, halves, clean_starts):
    both = replace(listed, halves=halves, target="a.png", target_hash=listed.input_hash)
    example = read_pair(both, roots)

    assert (4, 3, 3) == example.clean.shape == example.rainy.shape
    assert clean_starts == example.clean[0, 0, 1]


def test_a_file_that_is_gone_is_named(roots, listed):
    with pytest.raises(ChangedInputError, match=r"gone\.png has changed since it was listed \(or is gone\)"):
        read_pair(replace(listed, target="gone.png"), roots)


@pytest.mark.parametrize("side", ["a.png", "b.png"])
def test_a_picture_that_was_exchanged_is_not_trained_on(roots, listed, side):
    write_png(roots.folder("toy") / side, gradient(4, 7) + 1)

    with pytest.raises(ChangedInputError, match=side):
        read_pair(listed, roots)


@pytest.mark.parametrize(("budget", "same"), [(10**6, True), (10, False)])
def test_pictures_stay_in_memory_within_the_budget(roots, listed, budget, same):
    pictures = Pictures([listed], roots, budget)

    assert same == (pictures[0] is pictures[0])


def test_a_picture_beyond_the_budget_leaves_it_to_the_smaller_ones(roots, listed):
    folder = roots.folder("toy")
    write_png(folder / "large.png", gradient(40, 70))
    large_hash = file_hash(folder / "large.png")
    large = replace(
        listed, input="large.png", target="large.png", input_hash=large_hash, target_hash=large_hash
    )
    pictures = Pictures([large, listed], roots, budget=2 * 4 * 7 * 3)

    assert pictures[0] is not pictures[0]
    assert pictures[1] is pictures[1]


@given(st.integers(8, 40), st.integers(8, 40), st.integers(4, 50), st.integers(0, 2**32), st.booleans())
def test_both_pictures_are_cut_alike(height, width, side, seed, turned):
    image = gradient(height, width)
    crop = random_crop(Example(image, image), side, np.random.default_rng(seed), turned=turned)

    assert (side, side, 3) == crop.rainy.shape
    assert crop.rainy.tolist() == crop.clean.tolist()


@pytest.mark.parametrize(("turned", "orientations"), [(True, 8), (False, 2)])
def test_all_orientations_occur(turned, orientations):
    image = gradient(4, 4)
    crops = {
        random_crop(Example(image, image), 4, np.random.default_rng(seed), turned=turned).rainy.tobytes()
        for seed in range(99)
    }

    assert len(crops) == orientations


def test_the_centre_crop_lies_in_the_middle():
    crop = centre_crop(Example(gradient(10, 20), gradient(10, 20)), 4)

    assert crop.clean[0, 0].tolist() == [3, 8, 0]


def test_tensors_have_the_channels_first_and_one_as_white():
    white = np.full((2, 3, 3), 255, np.uint8)
    rainy, clean = to_tensors([Example(white, white * 0)] * 2)

    assert tuple(rainy.shape) == (2, 3, 2, 3)
    assert (float(rainy.min()), float(clean.max())) == (1.0, 0.0)
