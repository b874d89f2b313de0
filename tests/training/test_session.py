"""Whole trainings of a tiny network: resumed, weighted, broken."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from accelerate.state import AcceleratorState

from unirain_core.artefacts import tables
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import HistoryRow, SplitRow
from unirain_core.config.architectures import Restormer
from unirain_core.config.sections import Network, RainType, Strategy, Training
from unirain_core.errors import GateError
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.model import checkpoint
from unirain_core.tracking import link
from unirain_core.tracking.events import Start
from unirain_core.tracking.journal import read
from unirain_core.training import loop
from unirain_core.training.pairs import MEMORY_BUDGET, Pictures
from unirain_core.training.session import Session, train
from unirain_core.training.task import Task

NETWORK = Network(
    dim=8, blocks=(1, 1), refinement=1, heads=(1, 1), ffn_expansion=1.0, shuffle=2, noise_std=0.1
)
PLAIN = Restormer(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=1.0)
TRAINING = Training(
    steps=8,
    batch_per_type=2,
    patch=16,
    learning_rate=1e-2,
    warmup_steps=2,
    loss="rmse",
    validate_every=3,
    val_crops_per_type=2,
    val_pictures_per_type=2,
    save_every=2,
)
STRATEGY = Strategy(preset="gated", window_size=2, update_every=2, source="train", reference="first_window")
TYPES = (RainType("drs"), RainType("nrd"))


def rows_of(folder, rain_type, count, seed):
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for i in range(count):
        clean = np.kron(rng.integers(0, 200, (4, 6, 3)), np.ones((6, 6, 1))).astype(np.uint8)
        rainy = np.clip(clean.astype(int) + 60 * (rng.random((24, 36, 1)) < 0.2), 0, 255).astype(np.uint8)
        names = [f"{rain_type}-{seed}-{i}-{side}.png" for side in ("rainy", "clean")]
        for name, image in zip(names, (rainy, clean), strict=True):
            write_png(folder / name, image)
        rows.append(
            SplitRow(
                pair_id=f"toy/{rain_type}-{seed}-{i}",
                rain_type=rain_type,
                scene_id=f"{seed}-{i}",
                root="toy",
                input=names[0],
                target=names[1],
                halves=None,
                input_hash=file_hash(folder / names[0]),
                target_hash=file_hash(folder / names[1]),
            )
        )
    return tuple(rows)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr("unirain_core.tracking.mirror.ATTEMPTS", 0)
    pictures = tmp_path / "toy"
    task = Task(
        network=NETWORK,
        rain_types=TYPES,
        train=tuple(rows_of(pictures, t, 3, 1) for t in TYPES),
        val=tuple(rows_of(pictures, t, 2, 2) for t in TYPES),
        roots=Roots(project=tmp_path, local={"toy": str(pictures)}),
        training=TRAINING,
        strategy=STRATEGY,
        seed=0,
    )
    start = Start(key="k", variant="toy", params={}, tags={}, datasets=[])
    return Session(
        task=task, snapshots=tmp_path / "resume", journal=tmp_path / "runs", start=start, root=tmp_path
    )


def files(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


class KilledError(Exception):
    """Stands in for the end of the process."""


def killed_after(monkeypatch, step):
    original = loop.Trainer._step

    def stepping(trainer, batch):
        if trainer._done == step:
            raise KilledError
        return original(trainer, batch)

    monkeypatch.setattr(loop.Trainer, "_step", stepping)
    return lambda: monkeypatch.setattr(loop.Trainer, "_step", original)


@pytest.mark.parametrize("source", ["train", "val"])
@pytest.mark.parametrize("step", [1, 3, 5, 6])
def test_a_training_that_was_killed_ends_with_the_same_bytes(session, tmp_path, monkeypatch, step, source):
    task = replace(session.task, strategy=replace(STRATEGY, source=source))
    whole = replace(session, task=task, snapshots=tmp_path / "a", journal=tmp_path / "b")
    session = replace(session, task=task)
    train(whole, tmp_path / "whole", 1)
    revive = killed_after(monkeypatch, step)
    with pytest.raises(KilledError):
        train(session, tmp_path / "resumed", 1)
    revive()
    train(session, tmp_path / "resumed", 1)

    assert files(tmp_path / "whole") == files(tmp_path / "resumed")
    assert {"model.safetensors", "model.json", "history.parquet", "last/model.safetensors"} <= set(
        files(tmp_path / "whole")
    )


def test_a_baseline_that_was_killed_ends_with_the_same_bytes(session, tmp_path, monkeypatch):
    session = replace(session, task=replace(session.task, network=PLAIN))
    train(replace(session, snapshots=tmp_path / "a", journal=tmp_path / "b"), tmp_path / "whole", 1)
    revive = killed_after(monkeypatch, 5)
    with pytest.raises(KilledError):
        train(session, tmp_path / "resumed", 1)
    revive()
    train(session, tmp_path / "resumed", 1)
    metrics = [event.metrics for event in read(session.journal) if event.metrics]

    assert files(tmp_path / "whole") == files(tmp_path / "resumed")
    assert checkpoint.describe(tmp_path / "whole").config == PLAIN
    assert not [name for of_step in metrics for name in of_step if name.startswith("experts/")]


def test_a_training_of_ours_notes_how_its_experts_are_used(session, tmp_path):
    train(session, tmp_path / "out", 1)
    metrics = [event.metrics or {} for event in read(session.journal) if event.step == 8]

    assert {"experts/encoder.0.0/0", "experts/refinement.0/2"} <= {n for of_step in metrics for n in of_step}


def test_a_resumed_training_notes_every_step_once(session, tmp_path, monkeypatch):
    revive = killed_after(monkeypatch, 5)
    with pytest.raises(KilledError):
        train(session, tmp_path / "out", 1)
    revive()
    train(session, tmp_path / "out", 1)
    steps = [event.step for event in read(session.journal) if event.kind == "metrics"]

    assert steps == [2, 3, 4, 6, 8]


def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(session, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run = replace(session, task=replace(session.task, seed=seed), snapshots=tmp_path / f"s{name}")
        train(replace(run, journal=tmp_path / f"j{name}"), tmp_path / name, 1)

    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert files(tmp_path / "a")["model.safetensors"] != files(tmp_path / "c")["model.safetensors"]


def test_a_uniform_strategy_keeps_all_weights_equal(session, tmp_path):
    uniform = replace(session.task, strategy=replace(STRATEGY, preset="uniform"))
    train(replace(session, task=uniform), tmp_path / "out", 1)
    rows = tables.read(tmp_path / "out" / "history.parquet", HistoryRow)

    assert {0.5} == {row.weight for row in rows}
    assert any(row.slope is not None for row in rows)


def test_reweighting_moves_the_weights_once_the_window_is_full(session, tmp_path):
    train(session, tmp_path / "out", 1)
    rows = tables.read(tmp_path / "out" / "history.parquet", HistoryRow)
    weights = {(row.step, row.rain_type): row.weight for row in rows}

    assert weights[2, "drs"] == 0.5
    assert weights[4, "drs"] != 0.5
    assert weights[8, "drs"] + weights[8, "nrd"] == pytest.approx(1.0)


def test_the_best_checkpoint_has_the_highest_validation_psnr(session, tmp_path):
    train(session, tmp_path / "out", 1)
    rows = tables.read(tmp_path / "out" / "history.parquet", HistoryRow)
    measured: dict[int, list[float]] = {}
    for row in rows:
        if row.psnr is not None:
            measured.setdefault(row.step, []).append(row.psnr)
    means = {float(step): np.mean(values) for step, values in measured.items()}
    extra = checkpoint.describe(tmp_path / "out").extra

    assert {3, 6, 8} == set(means)
    assert max(means, key=lambda step: means[step]) == extra["step"]
    assert means[float(extra["step"])] == pytest.approx(extra["val_psnr"])


def test_the_rain_types_share_one_budget_of_memory(session, tmp_path, monkeypatch):
    budgets = []

    class Noted(Pictures):
        def __init__(self, rows, roots, budget):
            super().__init__(rows, roots, budget)
            budgets.append(budget)

    monkeypatch.setattr(loop, "Pictures", Noted)
    train(session, tmp_path / "out", 1)

    assert len(budgets) == len(TYPES)
    assert sum(budgets) <= MEMORY_BUDGET


def test_training_brings_the_restored_pictures_nearer_to_the_clean_ones(session, tmp_path):
    long = replace(session.task, training=replace(TRAINING, steps=60, validate_every=60, save_every=60))
    train(replace(session, task=long), tmp_path / "out", 1)
    train(replace(session, snapshots=tmp_path / "s", journal=tmp_path / "j"), tmp_path / "short", 1)
    psnr = [float(checkpoint.describe(tmp_path / name).extra["val_psnr"]) for name in ("short", "out")]

    assert psnr[1] > psnr[0] + 1


def test_half_precision_trains_nearly_the_same(session, tmp_path):
    quiet = replace(session.task, network=replace(NETWORK, noise_std=0.0))
    half = replace(quiet, training=replace(TRAINING, mixed_precision="bf16"))
    train(replace(session, task=quiet), tmp_path / "full", 1)
    AcceleratorState._reset_state(True)  # a process has one precision for life
    train(replace(session, task=half, snapshots=tmp_path / "s", journal=tmp_path / "j"), tmp_path / "half", 1)
    AcceleratorState._reset_state(True)
    psnr = [float(checkpoint.describe(tmp_path / name).extra["val_psnr"]) for name in ("full", "half")]

    assert files(tmp_path / "full")["model.safetensors"] != files(tmp_path / "half")["model.safetensors"]
    assert psnr[0] == pytest.approx(psnr[1], abs=0.5)


def test_a_loss_that_is_no_longer_finite_ends_the_training(session, tmp_path):
    wild = replace(
        session.task, training=replace(TRAINING, learning_rate=1e30, gradient_clip=1e30, weight_decay=0.0)
    )

    with pytest.raises(GateError, match="not finite"):
        train(replace(session, task=wild), tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()
    assert "failed" in {event.kind for event in read(session.journal)}


PROGRAM = """
import pickle, sys
from pathlib import Path
from unirain_core.tracking import mirror
from unirain_core.training.session import train
mirror.ATTEMPTS = 0
if __name__ == "__main__":
    session, folder, processes = pickle.loads(Path(sys.argv[1]).read_bytes())
    train(session, folder, processes)
"""


def train_apart(session, folder, processes):
    """Train in processes of their own, on the CPU."""
    (folder.parent / "program.py").write_text(PROGRAM)
    (folder.parent / "job").write_bytes(pickle.dumps((session, folder, processes)))
    environment = os.environ | {
        "ACCELERATE_USE_CPU": "true",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path.cwd()),
    }
    program = [sys.executable, folder.parent / "program.py", folder.parent / "job"]
    subprocess.run(program, check=True, env=environment)


@pytest.mark.slow
def test_one_two_and_four_processes_share_one_batch_and_train_the_same(session, tmp_path):
    """Four crops: with four processes each has one, so that each lacks some types."""
    # without noise, since each process has noise of its own
    quiet = replace(session.task, network=replace(NETWORK, noise_std=0.0))
    for name, processes in (("one", 1), ("two", 2), ("four", 4)):
        run = replace(session, task=quiet, snapshots=tmp_path / f"s{name}", journal=tmp_path / f"j{name}")
        train_apart(run, tmp_path / name, processes)
    one, two, four = (checkpoint.load(tmp_path / n).state_dict() for n in ("one", "two", "four"))

    for name, weight in one.items():
        np.testing.assert_allclose(two[name], weight, atol=1e-4, err_msg=name)
        np.testing.assert_allclose(four[name], weight, atol=1e-4, err_msg=name)


@pytest.mark.slow
def test_a_process_that_has_nothing_to_validate_on_trains_with_the_others(session, tmp_path):
    plan = replace(
        TRAINING, steps=3, batch_per_type=3, warmup_steps=1, val_crops_per_type=1, val_pictures_per_type=1
    )
    train_apart(replace(session, task=replace(session.task, training=plan)), tmp_path / "out", 3)

    assert checkpoint.describe(tmp_path / "out").extra["step"] == 3


def test_the_link_to_the_run_of_mlflow_is_the_first_line_of_a_training(
    session, tmp_path, monkeypatch, caplog
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setattr("unirain_core.tracking.mirror.ATTEMPTS", 1)
    with caplog.at_level("INFO", "unirain_core"):
        train(session, tmp_path / "out", processes=1)
    run = link.load(session.journal)
    assert run is not None
    lines = [line for line in caplog.messages if line.startswith("training: ")]

    assert lines[0] == (
        f"training: MLflow run http://127.0.0.1:5000/#/experiments/{run.experiment_id}/runs/{run.run_id}"
        "?workflowType=machine_learning"
    )
