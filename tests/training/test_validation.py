from dataclasses import replace

import numpy as np
import pytest
import torch

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.config.sections import Training
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.training.validation import Validation, spread_pairs

TRAINING = Training(
    steps=1, batch_per_type=1, patch=8, learning_rate=1e-3, warmup_steps=0, loss="l1", validate_every=1,
    val_crops_per_type=2, val_pictures_per_type=1, save_every=1,
)  # fmt: skip
CPU = torch.device("cpu")


def row(name, rain_type):
    return SplitRow(
        pair_id=name, rain_type=rain_type, scene_id=name, root="toy", input=f"{name}.png", target="clean.png",
        halves=None, input_hash="", target_hash="",
    )  # fmt: skip


def listed(row, folder):
    """The row with the hashes that its files have."""
    return replace(row, input_hash=file_hash(folder / row.input), target_hash=file_hash(folder / row.target))


@pytest.fixture
def validation(tmp_path):
    write_png(tmp_path / "clean.png", np.zeros((12, 16, 3), np.uint8))
    for name, level in (("a", 51), ("b", 51), ("c", 255)):
        write_png(tmp_path / f"{name}.png", np.full((12, 16, 3), level, np.uint8))
    roots = Roots(project=tmp_path, local={"toy": str(tmp_path)})
    of_types = [[row("a", "drs"), row("b", "drs")], [row("c", "nrd")]]
    rows = [[listed(pair, tmp_path) for pair in of_type] for of_type in of_types]
    return lambda **place: Validation(rows, roots, TRAINING, device=CPU, **place)


def test_crop_losses_are_the_means_of_each_type(validation):
    losses = validation().crop_losses(lambda rainy: rainy, torch.clone)

    np.testing.assert_allclose(losses, [0.2, 1.0], rtol=1e-6)


def test_whole_pictures_are_measured_in_decibels_and_shown(validation):
    measured = validation().measure(lambda rainy: rainy, torch.clone)

    np.testing.assert_allclose(measured.psnr, [-20 * np.log10(0.2), 0.0], atol=1e-4)
    assert measured.mean_psnr == np.mean(measured.psnr)
    assert {0, 1} == set(measured.strips)
    assert measured.strips[0].shape == (12, 48, 3)


def test_a_perfect_restoration_has_the_highest_scores(validation):
    measured = validation().measure(torch.zeros_like, torch.clone)

    np.testing.assert_allclose(measured.psnr, [80.0, 80.0], atol=1e-6)
    np.testing.assert_allclose(measured.ssim, [1.0, 1.0], atol=1e-6)


def test_processes_measure_together_what_one_measures_alone(validation):
    sums = []

    def note(tensor):
        sums.append(tensor.clone())
        return tensor

    for rank in range(2):
        validation(rank=rank, world=2).crop_losses(lambda rainy: rainy, note)
    total = sums[0] + sums[1]

    np.testing.assert_allclose(total[0] / total[1], [0.2, 1.0], rtol=1e-6)


def test_the_chosen_pairs_do_not_depend_on_the_order_of_the_rows():
    rows = [row(name, "drs") for name in "abcdefgh"]

    assert spread_pairs([rows], 3) == spread_pairs([rows[::-1]], 3)
    assert spread_pairs([rows], 3) == spread_pairs([rows], 5)[:3]
