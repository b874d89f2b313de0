"""A network beside ours goes the whole way: trained, checkpointed, scored and pictured, derained with and counted."""

import json

import numpy as np
import pytest

from tests.engine.in_process import InProcess
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import HistoryRow, SplitRow
from unirain_core.cli.derain import derain
from unirain_core.config.architectures import Architecture, Restormer
from unirain_core.config.sections import (
    BenchmarkScores,
    Method,
    Network,
    RainType,
    Strategy,
    Training,
    Variant,
)
from unirain_core.imaging.codec import file_hash, read_rgb, write_png
from unirain_core.inference.photo import derain as derain_photo
from unirain_core.model import checkpoint
from unirain_core.model.baselines.restormer import RestormerNet
from unirain_core.model.complexity import complexity
from unirain_core.stages import baseline_scores, benchmark_scores, benchmark_tables, trained_checkpoint

TYPES = (RainType("drs"), RainType("nrd"))
NETWORKS: dict[str, Architecture] = {
    "ours": Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 1), ffn_expansion=1.0, shuffle=2),
    "plain": Restormer(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=1.0),
}
VARIANTS = {name: Variant(split="rainrag", network=name, strategy="uniform") for name in ("ours", "plain")}
METHODS = {"input": Method(kind="input")}
TRAINING = Training(
    steps=6, batch_per_type=1, patch=16, learning_rate=1e-3, warmup_steps=1, loss="rmse", validate_every=3,
    val_crops_per_type=1, val_pictures_per_type=1, save_every=3,
)  # fmt: skip


def pair(folder, split, index):
    """A coarse chequered picture, and the same with bright specks."""
    rng = np.random.default_rng([index, len(split)])
    clean = np.kron(rng.integers(0, 200, (4, 5, 3)), np.ones((6, 6, 1))).astype(np.uint8)
    rainy = np.clip(clean.astype(int) + 60 * (rng.random((24, 30, 1)) < 0.2), 0, 255).astype(np.uint8)
    names = [f"{split}-{index}-{side}.png" for side in ("rainy", "clean")]
    write_png(folder / names[0], rainy)
    write_png(folder / names[1], clean)
    return SplitRow(
        pair_id=f"toy/{split}-{index}", rain_type=TYPES[index % 2], scene_id=names[0], root="toy",
        input=names[0], target=names[1], halves=None, input_hash=file_hash(folder / names[0]),
        target_hash=file_hash(folder / names[1]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project in which ours and the baseline are trained."""
    root = tmp_path_factory.mktemp("project")
    (root / "pictures").mkdir()
    (root / "roots.local.yaml").write_text("toy: pictures\n")
    for split in ("train/rainrag", "val", "test", "unfiltered"):
        rows = [pair(root / "pictures", split.replace("/", "-"), index) for index in range(4)]
        tables.write(root / f"data/split/{split}.parquet", rows, SplitRow)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        patch.setattr("unirain_core.tracking.mirror.ATTEMPTS", 0)
        patch.setattr(trained_checkpoint, "settle", lambda *_: None)
        # worker processes would load torch, each of them
        patch.setattr("unirain_core.engine.rows.make_engine", InProcess)
        patch.setenv("UNIRAIN_HOME", str(root / "home"))
        patch.setenv("TORCH_HOME", str(root / "torch"))
        for variant in VARIANTS:
            train(root, variant)
        yield root


def train(project, variant):
    trained_checkpoint.run(
        project,
        variants=VARIANTS,
        networks=NETWORKS,
        strategies={"uniform": Strategy(preset="uniform")},
        training=TRAINING,
        rain_types=TYPES,
        profile="test",
        partition=variant,
    )


def score(project):
    for name in VARIANTS:
        benchmark_scores.run(
            project, variants=VARIANTS, benchmark_scores=BenchmarkScores(), benchmarks={}, partition=name
        )
    baseline_scores.run(
        project, methods=METHODS, benchmark_scores=BenchmarkScores(), benchmarks={}, partition="input"
    )
    benchmark_tables.run(project, variants=VARIANTS, methods=METHODS, benchmarks={}, rain_types=TYPES)


def test_it_is_trained_and_checkpointed_as_a_variant(project):
    folder = project / "data/checkpoints/plain"
    history = tables.read(folder / "history.parquet", HistoryRow)

    assert checkpoint.describe(folder).config == NETWORKS["plain"]
    assert json.loads((folder / "model.json").read_text())["network"]["architecture"] == "restormer"
    assert isinstance(checkpoint.load(folder), RestormerNet)
    assert json.loads((project / "reports/trained_checkpoint/plain.json").read_text())["counts"]["steps"] == 6
    assert {3, 6} == {row.step for row in history if row.psnr is not None}


def test_it_is_scored_beside_ours_and_stands_in_the_table(project):
    score(project)
    (table,) = [path for path in (project / "data/tables").rglob("*.md") if "plain" in path.read_text()]
    lines = [line for line in table.read_text().splitlines() if line.startswith("|")]

    assert any("plain" in line for line in lines)
    assert any("ours" in line for line in lines)
    for name in VARIANTS:
        restored = sorted((project / f"data/scores/benchmark/{name}/pictures").rglob("*.png"))
        assert len(restored) == 4


def test_a_photo_is_derained_with_it(project):
    folder, photo = project / "data/checkpoints/plain", project / "pictures/test-0-rainy.png"
    derain(photo, project / "out.png", str(folder))
    expected = derain_photo(checkpoint.load(folder), read_rgb(photo))

    np.testing.assert_array_equal(expected, read_rgb(project / "out.png"))
    assert not np.array_equal(read_rgb(photo), read_rgb(project / "out.png"))


def test_it_is_counted_as_the_weights_that_it_was_trained_to(project):
    weights = checkpoint.load(project / "data/checkpoints/plain").state_dict()

    assert complexity(NETWORKS["plain"]).parameters == sum(weight.numel() for weight in weights.values())


def test_another_architecture_is_another_computation(project):
    keys = sorted((project / "home/shards/trained_checkpoint").iterdir())

    assert len([key for key in keys if key.is_dir()]) == 2
