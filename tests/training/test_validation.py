from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.config.load import load_params
from unirain_core.config.sections import BenchmarkScores, RainType, Training
from unirain_core.evaluation.metrics import Restoration, instruments
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.training.validation import PROTOCOL, Validation, shortage, spread_pairs

TRAINING = Training(
    steps=1, batch_per_type=1, patch=8, learning_rate=1e-3, warmup_steps=0, loss="l1", validate_every=1,
    val_crops_per_type=2, val_pictures_per_type=1, save_every=1,
)  # fmt: skip
ROOT = Path(__file__).parents[2]
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


def test_a_picture_of_val_scores_as_the_table_would_score_it(tmp_path):
    """By the table's own instruments, and by NumPy: Gaussian SSIM of the luma in 0..255, its contrast-structure term clamped at 0."""
    draw = np.random.default_rng(0)
    rainy, clean = draw.integers(0, 256, (2, 24, 32, 3), dtype=np.uint8)
    write_png(tmp_path / "a.png", rainy)
    write_png(tmp_path / "clean.png", clean)
    rows = [[listed(row("a", "drs"), tmp_path)]]
    roots = Roots(project=tmp_path, local={"toy": str(tmp_path)})

    measured = Validation(rows, roots, TRAINING, device=CPU).measure(lambda rainy: rainy, torch.clone)

    pair = Restoration(rainy=rainy, restored=rainy, clean=clean)
    table = instruments(BenchmarkScores().protocol)
    assert measured.psnr[0] == pytest.approx(table["psnr"].measure(pair), abs=1e-9)
    assert measured.ssim[0] == pytest.approx(table["ssim"].measure(pair), abs=1e-9)
    assert measured.ssim[0] == pytest.approx(luma_ssim(rainy, clean), abs=1e-4)


def luma_ssim(first, second):
    """SSIM of Wang et al. on the Y of YIQ, written out: 11 x 11 Gaussian window of sigma 1.5, valid positions only."""
    x, y = (np.rint(image @ np.array([0.299, 0.587, 0.114])) for image in (first, second))
    ramp = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(ramp, ramp) / ramp.sum() ** 2

    def mean(image):
        patches = np.lib.stride_tricks.sliding_window_view(image, (11, 11))
        return np.einsum("ijkl,kl->ij", patches, window)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    structure = np.maximum((2 * vxy + c2) / (vx + vy + c2), 0)
    return float(((2 * mx * my + c1) / (mx**2 + my**2 + c1) * structure).mean())


@pytest.mark.parametrize("params", sorted(ROOT.glob("params*.yaml")), ids=lambda file: file.name)
def test_every_profile_prints_its_tables_by_the_protocol_of_val(params):
    assert load_params(params).benchmark_scores.protocol == PROTOCOL


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


def test_fewer_pairs_than_crops_are_said_and_more_pairs_of_val_are_the_remedy():
    types, training = (RainType("drs"), RainType("nrd")), replace(TRAINING, val_crops_per_type=2)
    (sentence,) = shortage(types, [[row("a", "drs"), row("b", "drs")], [row("c", "nrd")]], training)

    assert "fewer pairs: nrd 1; raise rainrag_split.val.per_type" in sentence
    assert [] == shortage(
        types, [[row("a", "drs"), row("b", "drs")], [row("c", "nrd"), row("d", "nrd")]], training
    )
