"""The table of metrics, and that nothing else names one."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.test_lpips import plant
from unirain_core.evaluation import lpips
from unirain_core.evaluation.metrics import METRICS, Restoration, colour_shift, instruments
from unirain_core.imaging.protocols import psnr_by, ssim_by

ROOT = Path(__file__).parents[2]
BY_NAME = {metric.name: metric for metric in METRICS}
SEEDS = st.integers(0, 2**32 - 1)


def restoration(seed=0, height=40, width=48):
    rng = np.random.default_rng(seed)
    rainy, restored, clean = rng.integers(0, 256, (3, height, width, 3), dtype=np.uint8)
    return Restoration(rainy=rainy, restored=restored, clean=clean)


@pytest.fixture(autouse=True)
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


@given(SEEDS)
def test_psnr_and_ssim_are_the_protocol_s_to_the_last_bit(seed):
    pair = restoration(seed)
    for protocol in ("unirain", "skimage_rgb", "unirain_test"):
        tools = instruments(protocol)

        assert tools["psnr"].measure(pair) == psnr_by(protocol, pair.restored, pair.clean)
        assert tools["ssim"].measure(pair) == ssim_by(protocol, pair.restored, pair.clean)


def test_a_metric_whose_weights_are_absent_has_no_instrument_and_says_what_to_supply():
    assert ["psnr", "ssim", "colour_shift"] == list(instruments("unirain"))
    assert BY_NAME["lpips"].missing.startswith("weights not found: supply")


def test_lpips_is_the_distance_of_restored_and_clean_kept_under_its_weights(tmp_path, monkeypatch):
    plant(tmp_path, monkeypatch)
    monkeypatch.setattr(lpips, "is_published", lambda sha256: True)
    monkeypatch.setitem(lpips.at_hand.__kwdefaults__, "is_genuine", lambda sha256: True)
    pair, tool, distance = restoration(), instruments("unirain")["lpips"], lpips.at_hand()

    assert distance is not None
    assert tool.key == distance.weights_hash
    assert tool.measure(pair) == distance.distance(pair.restored, pair.clean)
    assert tool.measure(restoration(height=lpips.MIN_SIDE - 1)) is None


def test_instruments_travel_to_workers_and_measure_the_same_there():
    pair = restoration()
    for tool in instruments("unirain").values():
        assert tool.measure(pair) == pickle.loads(pickle.dumps(tool)).measure(pair)


def test_the_colour_shift_of_the_rainy_input_is_0():
    pair = restoration()

    assert colour_shift(Restoration(rainy=pair.rainy, restored=pair.rainy, clean=pair.clean)) == 0.0


def test_the_colour_shift_is_the_largest_change_of_a_channel_s_mean_in_grey_levels():
    rainy = np.zeros((2, 2, 3), np.uint8)
    restored = rainy.copy()
    restored[..., 0], restored[0, 0, 2] = 7, 100  # means 7, 0, 25

    assert colour_shift(Restoration(rainy=rainy, restored=restored, clean=rainy)) == 25.0


@given(SEEDS, st.permutations([0, 1, 2]))
def test_the_colour_shift_knows_neither_places_nor_the_order_of_channels_nor_the_clean_picture(seed, order):
    pair = restoration(seed)
    pixels = np.random.default_rng(seed).permutation(40 * 48)
    moved = pair.restored.reshape(-1, 3)[pixels].reshape(pair.restored.shape)
    other = Restoration(rainy=pair.rainy[..., order], restored=moved[..., order], clean=pair.rainy)

    assert colour_shift(other) == pytest.approx(colour_shift(pair), abs=1e-9)


def test_a_figure_is_printed_with_its_digits_and_its_unit():
    assert "20.50 dB" == BY_NAME["psnr"].with_unit(20.5)
    assert "0.7500" == BY_NAME["ssim"].with_unit(0.75)
    assert "3.25 grey levels" == BY_NAME["colour_shift"].with_unit(3.25)


def test_names_are_unique():
    assert len(BY_NAME) == len(METRICS)


def package_files():
    for package in ("unirain_core", "unirain_assets"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in {".py", ".html", ".yaml"}:
                yield path


def files_that_name(word):
    pattern = re.compile(rf"(?<![A-Za-z]){word}(?![A-Za-z])", re.IGNORECASE)
    return {
        path.relative_to(ROOT).as_posix()
        for path in package_files()
        if pattern.search(path.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("word", ["colour_shift", "colour shift"])
def test_a_metric_is_added_in_one_file(word):
    assert {"unirain_core/evaluation/metrics.py"} == files_that_name(word)


def test_lpips_is_named_where_it_is_computed_and_in_the_table_alone():
    """And as the library that an extra brings."""
    files = {"evaluation/lpips.py", "evaluation/metrics.py", "cli/extras.py"}

    assert {f"unirain_core/{file}" for file in files} == files_that_name("lpips")


@pytest.mark.parametrize("word", ["psnr", "ssim"])
def test_what_scores_prints_and_shows_names_no_metric(word):
    """Training's own records, the protocols and Eq. 3 name them still."""
    follows = {f"evaluation/{name}.py" for name in ("scores", "scorecard", "summary", "tables", "pictures")}
    follows |= {f"stages/{name}.py" for name in ("benchmark_scores", "baseline_scores", "benchmark_tables")}
    follows |= {"stages/pictures.py", "cli/summary.py"}

    assert set() == files_that_name(word) & {f"unirain_core/{file}" for file in follows}
