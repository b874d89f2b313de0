"""The stage reads every pair of the manifest and says which sets share scenes; nothing is lost, and nothing is written twice."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.imaging.test_views import picture
from unirain_core.config.sections import Dataset, RainType, RawDatasets
from unirain_core.stages import leakage_report, raw_datasets

TYPES = (RainType("drs"), RainType("drd"))


def rain(clean, seed):
    """Bright streaks over a picture."""
    rng = np.random.default_rng(seed)
    layer = np.zeros(clean.shape[:2])
    for _ in range(40):
        column, row = rng.integers(clean.shape[1] - 2), rng.integers(clean.shape[0] - 30)
        layer[row : row + 30, column : column + 2] = 90
    return np.clip(clean + layer[:, :, None], 0, 255).astype(np.uint8)


def save(root, dataset, split, name, rainy, clean):
    for side, image in (("input", rainy), ("target", clean)):
        path = root / dataset / split / side / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(image)).save(path)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    data = tmp_path / "files"
    scenes = [picture(seed) for seed in range(6)]
    rains = [rain(scene, seed) for seed, scene in enumerate(scenes)]
    for number in range(6):
        save(data, "bench", "test", f"b{number}", rains[number], scenes[number])
    save(data, "pool", "train", "exact", rains[0], scenes[0])
    save(data, "pool", "train", "brighter", np.clip(rains[1] * 1.1, 0, 255).astype(np.uint8),
         np.clip(scenes[1] * 1.1, 0, 255).astype(np.uint8))  # fmt: skip
    save(data, "pool", "train", "cropped", rains[2][8:, 8:], scenes[2][8:, 8:])
    save(data, "pool", "train", "mirrored", rains[3][:, ::-1], scenes[3][:, ::-1])
    save(data, "pool", "train", "rained-anew", rain(scenes[4], 99), scenes[4])
    save(data, "pool", "train", "stranger", rain(picture(77), 5), picture(77))
    save(data, "pool", "train", "odd", rains[5][:90], scenes[5])
    (data / "photos").mkdir()
    Image.fromarray(rains[5]).save(data / "photos/1.png")
    (tmp_path / "roots.local.yaml").write_text(f"files: {data}\n")
    sets = {
        "bench": Dataset(layout="paired", root="files", folder="bench", rain_types=("drs",)),
        "pool": Dataset(layout="paired", root="files", folder="pool", rain_types=("drs",)),
        "photos": Dataset(layout="photos", root="files", folder="photos"),
    }
    raw_datasets.run(
        tmp_path, raw_datasets=RawDatasets(datasets=sets), sample_corpora={}, rain_types=TYPES
    )  # fmt: skip
    return tmp_path


def report(root):
    return json.loads((root / "reports/leakage_report.json").read_text())


def test_every_kind_of_copy_is_counted_from_either_side(project):
    leakage_report.run(project)
    content = report(project)
    kinds = dict.fromkeys(("exact", "near", "cropped", "mirrored", "re_rained"), 1)

    for dataset, other in (("bench", "pool"), ("pool", "bench")):
        rows = [row for row in content["leaks"] if row["dataset"] == dataset and row["other"] == other]
        assert kinds == {row["kind"]: row["pairs"] for row in rows}
    assert 5 == content["counts"]["held_out_in_training"]
    examples = {row["kind"]: row["example"] for row in content["leaks"] if row["dataset"] == "pool"}
    assert "pool/train/input/cropped" == examples["cropped"]
    assert "pool/train/input/rained-anew" == examples["re_rained"]


def test_rows_that_cannot_be_looked_at_are_counted_and_photos_are_not_compared(project):
    leakage_report.run(project)
    content = report(project)

    assert {"size_mismatch": 1} == content["reasons"]
    assert 12 == content["counts"]["pairs"]
    assert any("1 pairs could not be looked at: size_mismatch 1" in note for note in content["notes"])


def test_the_page_and_the_table_are_the_same_bytes_when_the_stage_runs_again(project):
    files = ("data/pages/leakage/leakage.md", "data/pages/leakage/leakage.csv", "reports/leakage_report.json")
    leakage_report.run(project)
    before = [(project / file).read_bytes() for file in files]
    leakage_report.run(project)

    assert before == [(project / file).read_bytes() for file in files]
    assert b"| bench (test) | 6 | pool (train) | 1 | 1 | 1 | 1 | 1 | 5 (83.3%) |" in before[0]


def test_a_pool_of_one_set_shares_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    save(tmp_path, "one", "train", "1", rain(picture(1), 1), picture(1))
    (tmp_path / "roots.local.yaml").write_text("files: .\n")
    sets = {"one": Dataset(layout="paired", root="files", folder="one", rain_types=("drs",))}
    raw_datasets.run(tmp_path, raw_datasets=RawDatasets(datasets=sets), sample_corpora={}, rain_types=TYPES)
    leakage_report.run(tmp_path)

    assert [] == report(tmp_path)["leaks"]


def test_a_pool_of_photos_alone_has_no_pair(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    (tmp_path / "p").mkdir()
    Image.fromarray(picture(1)).save(tmp_path / "p/1.png")
    (tmp_path / "roots.local.yaml").write_text("files: p\n")
    sets = {"p": Dataset(layout="photos", root="files")}
    raw_datasets.run(tmp_path, raw_datasets=RawDatasets(datasets=sets), sample_corpora={}, rain_types=TYPES)
    leakage_report.run(tmp_path)

    assert 0 == report(tmp_path)["counts"]["pairs"]
