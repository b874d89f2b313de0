"""Params may list weathers: a tree of WeatherBench with rain, snow and haze runs to its tables, and no brightness decides."""

from importlib import import_module

import numpy as np
import pytest
from ruamel.yaml import YAML
from skimage import data, filters

from benchmarks.tiny_project import ROOT
from tests.end_to_end.conftest import rained
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Pair, Score, SplitRow
from unirain_core.config.load import load_params
from unirain_core.imaging.codec import to_uint8, write_png
from unirain_core.stages import ORDER

WEATHERS = ("rain", "snow", "haze")
N_TRAIN, N_TEST, N_PHOTOS = 5, 1, 2
NETWORK = {
    "dim": 8, "blocks": [1, 1], "refinement": 1, "heads": [1, 2], "ffn_expansion": 2.0, "encoder": "soft",
    "decoder": "hard", "encoder_widths": [0.25, 0.5], "decoder_widths": [0.25, 0.5], "active": 1, "renormalise": False,
    "noise_std": 0.0, "shuffle": 2,
}  # fmt: skip
FEW = {"per_type": 1, "per_scene": 1, "max_share": 1.0}


def crops():
    """Pieces of photographs that share nothing."""
    for photo in (data.astronaut(), data.coffee(), data.rocket()):
        for top in range(0, photo.shape[0] - 95, 96):
            for left in range(0, photo.shape[1] - 127, 128):
                yield np.ascontiguousarray(photo[top : top + 96, left : left + 128])


def shown(weather, clean, seed):
    if weather == "rain":
        return rained(clean, seed)
    if weather == "haze":
        return to_uint8(0.5 * clean / 255 + 0.4)
    flakes = filters.gaussian(np.random.default_rng(seed).random(clean.shape[:2]) > 0.98, 1.2) * 4
    return to_uint8(np.maximum(clean / 255, np.clip(flakes, 0, 0.9)[..., None]))


def render(root):
    """Write the tree in its layout, and photos of all three weathers."""
    pieces = crops()
    for weather in WEATHERS:
        for part, count in (("train", N_TRAIN), ("test", N_TEST), ("photos", N_PHOTOS)):
            for number in range(count):
                clean = next(pieces)
                name = f"{number}.png"
                rainy = shown(weather, clean, number)
                if part == "photos":
                    write_png(made(root / f"photos/{weather}{name}"), rainy)
                    continue
                write_png(made(root / f"WeatherBench/{weather}/{part}/input/{name}"), rainy)
                write_png(made(root / f"WeatherBench/{weather}/{part}/target/{name}"), clean)
    (root / "roots.local.yaml").write_text("weatherbench: WeatherBench\nreal-weather: photos\n")


def made(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def small_params(root):
    """The profile with stand-ins for its models, and a network and a training of seconds."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.weather.yaml")
    sample = yaml.load(ROOT / "params.yaml")
    for section in (
        "encoders",
        "query_captions",
        "vector_store",
        "vlm_votes",
        "encoder_models",
        "judge_models",
    ):
        params[section] = sample[section]
    params["vector_store"]["engine"] = "memory"
    params["vlm_votes"]["accept_share"] = 1.0
    params["encoders"]["structure_side"] = 32
    params["verified_pairs"]["min_side"] = 64
    params["retrieved_references"] |= {"keep_semantic": 4, "keep_visual": 3, "keep_structural": 2}
    params["rainrag_split"] |= {"unfiltered": FEW, "test": FEW, "val": FEW}
    params["networks"]["paper"] = NETWORK
    for strategy in params["strategies"].values():
        strategy |= {"update_every": 2, "window_size": 2}
    params["training"] |= {
        "steps": 4, "warmup_steps": 1, "patch": 32, "batch_per_type": 1, "validate_every": 2, "save_every": 4,
        "val_crops_per_type": 1, "val_pictures_per_type": 1, "mixed_precision": "no", "compile": False,
    }  # fmt: skip
    yaml.dump(params, root / "params.yaml")
    return load_params(root / "params.yaml")


def run_all(root, params):
    for stage in ORDER:
        module = import_module(f"unirain_core.stages.{stage}")
        arguments = {name: getattr(params, name) for name in module.PARAMS}
        keys = {
            "sample_corpus": params.sample_corpora,
            "training_split": params.training_splits,
            "baseline_scores": params.methods,
        }.get(stage, params.variants)
        if not any("{partition}" in path for path in module.WRITES):
            module.run(root, **arguments)
            continue
        for key in keys:
            module.run(root, **arguments, partition=key)


@pytest.mark.slow
def test_a_tree_of_three_weathers_runs_to_its_tables(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    render(tmp_path)
    run_all(tmp_path, small_params(tmp_path))
    pairs = tables.read(tmp_path / "data/verified/pairs.parquet", Pair)
    trained = tables.read(tmp_path / "data/split/train/weatherbench.parquet", SplitRow)
    scores = tables.read(tmp_path / "data/scores/benchmark/reweighted/scores.parquet", Score)

    assert all(f"/{row.rain_type}/" in row.pair_id for row in pairs), "the folder says the type"
    assert dict.fromkeys(WEATHERS, N_TRAIN + N_TEST) == {
        weather: sum(row.rain_type == weather for row in pairs) for weather in WEATHERS
    }
    assert set(WEATHERS) == {row.rain_type for row in trained}
    assert not any("/test/" in row.pair_id for row in trained)
    assert set(WEATHERS) == {row.rain_type for row in scores if row.benchmark == "weatherbench"}
    assert "| method | rain | snow | haze | average |" in (tmp_path / "data/tables/table1.md").read_text()
    assert "| method | weatherbench | average |" in (tmp_path / "data/tables/table2.md").read_text()
