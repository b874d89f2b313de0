"""LPIPS against a trunk written out here; the trunk's weights are random numbers, planted where the real ones lie."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from unirain_core.errors import ChangedInputError, WeightsUnavailableError
from unirain_core.evaluation import lpips
from unirain_core.evaluation.lpips import MIN_SIDE, TRUNK, at_hand, is_published

CONVOLUTIONS = {0: (3, 64, 11, 4, 2), 3: (64, 192, 5, 1, 2), 6: (192, 384, 3, 1, 1), 8: (384, 256, 3, 1, 1),
                10: (256, 256, 3, 1, 1)}  # fmt: skip
TAPS = (1, 4, 7, 9, 11)


def plant(home: Path, monkeypatch, seed: int = 0) -> dict[str, torch.Tensor]:
    """A file of AlexNet's form with random numbers, where torch hub looks."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for layer, (into, out, side, _, _) in CONVOLUTIONS.items():
        spread = (2 / (into * side * side)) ** 0.5
        weights[f"features.{layer}.weight"] = torch.randn(out, into, side, side, generator=generator) * spread
        weights[f"features.{layer}.bias"] = torch.randn(out, generator=generator) * 0.1
    file = home / "hub/checkpoints" / TRUNK
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(weights, file)
    monkeypatch.setenv("TORCH_HOME", str(home))
    return weights


def oracle(weights, restored, clean) -> float:
    """LPIPS by its definition: 12 layers, five taps, unit channels, squared difference, linear layers."""
    (package,) = importlib.util.find_spec("lpips").submodule_search_locations  # type: ignore[union-attr, misc]
    linear = torch.load(Path(package) / "weights/v0.1/alex.pth", map_location="cpu", weights_only=True)
    shift, scale = (torch.tensor(v)[:, None, None] for v in ((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)))

    def taps(image):
        x = ((torch.from_numpy(image).permute(2, 0, 1) / 255 * 2 - 1) - shift) / scale
        x, found = x[None], []
        for layer in range(12):
            if layer in CONVOLUTIONS:
                *_, stride, padding = CONVOLUTIONS[layer]
                x = nn.functional.conv2d(
                    x, weights[f"features.{layer}.weight"], weights[f"features.{layer}.bias"], stride, padding
                )
            elif layer in (2, 5):
                x = nn.functional.max_pool2d(x, 3, 2)
            else:
                x = x.relu()
            if layer in TAPS:
                found.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        return found

    parts = zip(taps(restored), taps(clean), strict=True)
    return float(
        sum(
            ((a - b).square() * linear[f"lin{n}.model.1.weight"]).sum(1).mean()
            for n, (a, b) in enumerate(parts)
        )
    )


def pair(seed=0, height=64, width=80):
    rng = np.random.default_rng(seed)
    clean = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.clip(clean + rng.normal(0, 30, clean.shape), 0, 255).astype(np.uint8), clean


def test_the_distance_is_that_of_a_trunk_written_out(tmp_path, monkeypatch):
    weights = plant(tmp_path, monkeypatch)
    found = at_hand(is_genuine=lambda sha256: True)
    restored, clean = pair()

    assert found is not None
    assert oracle(weights, restored, clean) > 0.01
    assert found.distance(restored, clean) == pytest.approx(oracle(weights, restored, clean), rel=1e-5)
    assert found.distance(clean, clean) == 0.0


def test_a_value_that_travelled_to_a_worker_gives_the_same_number(tmp_path, monkeypatch):
    plant(tmp_path, monkeypatch)
    found = at_hand(is_genuine=lambda sha256: True)
    assert found is not None
    first = found.distance(*pair())
    lpips._loaded.cache_clear()

    assert first == pickle.loads(pickle.dumps(found)).distance(*pair())


def test_loading_leaves_the_global_random_numbers_alone(tmp_path, monkeypatch):
    plant(tmp_path, monkeypatch)
    found = at_hand(is_genuine=lambda sha256: True)
    assert found is not None
    lpips._loaded.cache_clear()
    before = torch.get_rng_state()
    found.distance(*pair())

    assert torch.equal(before, torch.get_rng_state())


def test_the_key_changes_with_the_weights_and_not_with_their_place(tmp_path, monkeypatch):
    keys = []
    for place, seed in (("a", 0), ("b", 0), ("c", 1)):
        plant(tmp_path / place, monkeypatch, seed)
        found = at_hand(is_genuine=lambda sha256: True)
        assert found is not None
        keys.append(found.weights_hash)

    assert keys[0] == keys[1] != keys[2]


def test_without_the_file_there_is_no_distance(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    caplog.set_level("INFO")

    assert at_hand() is None
    assert "n/a: weights not found" in caplog.text
    assert TRUNK in caplog.text


def test_another_file_in_the_trunk_s_place_is_an_error_with_a_remedy(tmp_path, monkeypatch):
    plant(tmp_path, monkeypatch)

    with pytest.raises(
        WeightsUnavailableError, match="supply the file that torchvision publishes, or remove"
    ):
        at_hand()


def test_without_the_package_the_file_alone_gives_no_distance(tmp_path, monkeypatch, caplog):
    plant(tmp_path, monkeypatch)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    caplog.set_level("INFO")

    assert at_hand(is_genuine=lambda sha256: True) is None
    assert "pip install 'unirain[lpips]'" in caplog.text


def test_the_published_file_s_hash_begins_with_the_digits_of_its_name():
    assert is_published("7be5be79" + "0" * 56)
    assert not is_published("7be5be78" + "0" * 56)


def test_the_smallest_picture_has_a_distance_and_a_smaller_one_none(tmp_path, monkeypatch):
    plant(tmp_path, monkeypatch)
    found = at_hand(is_genuine=lambda sha256: True)

    assert found is not None
    assert (found.distance(*pair(height=MIN_SIDE, width=MIN_SIDE)) or 0.0) > 0.0
    assert found.distance(*pair(height=MIN_SIDE - 1)) is None


def test_weights_that_were_replaced_since_they_were_hashed_are_refused(tmp_path, monkeypatch):
    plant(tmp_path, monkeypatch)
    found = at_hand(is_genuine=lambda sha256: True)
    assert found is not None
    lpips._loaded.cache_clear()
    plant(tmp_path, monkeypatch, 1)

    with pytest.raises(ChangedInputError, match="run the same command again"):
        found.distance(*pair())
