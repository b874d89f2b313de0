"""The stage on a tiny project in a temporary folder; MLflow is out, which must not matter."""

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unirain_core.artefacts import report, tables
from unirain_core.artefacts.schemas import HistoryRow, SplitRow
from unirain_core.config.sections import Network, RainType, Strategy, Training, Variant
from unirain_core.errors import MissingArtefactError, MissingInputError
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.model import checkpoint
from unirain_core.stages import trained_checkpoint
from unirain_core.tracking import journal
from unirain_core.training.loop import Trainer

TYPES = (RainType("drs"), RainType("nrd"))
ARGUMENTS: dict[str, Any] = {
    "variants": {"ours": Variant(split="rainrag", network="tiny", strategy="reweighted")},
    "networks": {
        "tiny": Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 1), ffn_expansion=1.0, shuffle=2)
    },
    "strategies": {
        "reweighted": Strategy(preset="gated", window_size=2, update_every=2, source="val", reference="first")
    },
    "training": Training(
        steps=6, batch_per_type=1, patch=16, learning_rate=1e-3, warmup_steps=1, validate_every=3,
        val_crops_per_type=1, val_pictures_per_type=1, save_every=1,
    ),
    "rain_types": TYPES,
    "profile": "test",
    "partition": "ours",
}  # fmt: skip


def rows_of(folder, split):
    rows = []
    for index, rain_type in enumerate(TYPES * 2):
        rng = np.random.default_rng([index, len(split)])
        names = [f"{split}-{index}-{side}.png" for side in ("rainy", "clean")]
        for name in names:
            write_png(folder / name, rng.integers(0, 256, (16, 20, 3), dtype=np.uint8))
        rows.append(
            SplitRow(
                pair_id=f"toy/{split}-{index}", rain_type=rain_type, scene_id=names[0], root="toy",
                input=names[0], target=names[1], halves=None, input_hash=file_hash(folder / names[0]),
                target_hash=file_hash(folder / names[1]),
            )
        )  # fmt: skip
    return rows


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr("unirain_core.tracking.mirror.ATTEMPTS", 0)
    monkeypatch.setattr(trained_checkpoint, "settle", lambda *_: None)
    for name in ("UNIRAIN_HOME", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (tmp_path / "roots.local.yaml").write_text(f"toy: {pictures}\n")
    tables.write(tmp_path / "data/split/train/rainrag.parquet", rows_of(pictures, "train"), SplitRow)
    tables.write(tmp_path / "data/split/val.parquet", rows_of(pictures, "val"), SplitRow)
    return tmp_path


def files(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_a_variant_becomes_a_checkpoint_a_history_and_a_report(root):
    trained_checkpoint.run(root, **ARGUMENTS)
    out = root / "data/checkpoints/ours"
    written: dict[str, Any] = dict(report.read(root / "reports/trained_checkpoint/ours.json"))
    history = tables.read(out / "history.parquet", HistoryRow)

    assert {"model.safetensors", "model.json", "history.parquet"} <= set(files(out))
    assert checkpoint.load(out).config.dim == 8
    assert written["counts"] == {"train_pairs": 4, "val_pairs": 4, "steps": 6}
    assert list(TYPES) == [entry["rain_type"] for entry in written["rain_types"]]
    assert written["best_step"] in {row.step for row in history if row.psnr is not None}
    assert not list((root / ".unirain/resume").glob("*"))


def test_the_run_is_tagged_with_what_it_was_made_with(root):
    made_with = report.MadeWith(code="c0de", params="9a9a", dirty=True)
    trained_checkpoint.run(root, **ARGUMENTS, made_with=made_with)
    start = next(
        e.content for e in journal.read(root / ".unirain/runs/ours") if e.kind == "start" and e.content
    )

    assert {"unirain.code": "c0de", "unirain.params": "9a9a", "unirain.dirty": "yes"}.items() <= start[
        "tags"
    ].items()


def start_of(root):
    start = journal.start_of(journal.read(root / ".unirain/runs/ours"))
    assert start is not None
    return start


def test_the_run_says_its_source_its_size_and_what_it_is(root):
    trained_checkpoint.run(root, **ARGUMENTS)
    start = start_of(root)
    net = checkpoint.load(root / "data/checkpoints/ours")

    assert start.name == "ours"
    assert start.tags["mlflow.source.name"] == "unirain run trained_checkpoint --partition ours"
    assert start.tags["torch"] == torch.__version__
    assert start.params["network.parameters"] == str(sum(weight.numel() for weight in net.parameters()))
    assert int(start.params["network.multiply_adds"]) > 0
    assert "preset `gated`" in start.description
    assert f"{int(start.params['network.parameters']):,} parameters" in start.description


def test_another_training_of_the_variant_is_named_by_what_differs(root):
    trained_checkpoint.run(root, **ARGUMENTS)
    other = replace(ARGUMENTS["training"], learning_rate=2e-3)
    trained_checkpoint.run(root, **ARGUMENTS | {"training": other})

    assert start_of(root).name == "ours, learning_rate 0.002"
    assert "`training.learning_rate` is 0.002 instead of 0.001" in start_of(root).description


def test_params_packages_and_report_are_kept_for_mlflow(root):
    trained_checkpoint.run(root, **ARGUMENTS)
    folder = root / ".unirain/runs/ours"
    kept = {event.name: folder / event.file for event in journal.read(folder) if event.kind == "file"}
    written = root / "reports/trained_checkpoint/ours.json"

    assert json.loads(kept["config.json"].read_text()) == start_of(root).params
    assert f"torch=={importlib.metadata.version('torch')}" in kept["environment.txt"].read_text().splitlines()
    assert kept["report.json"].read_bytes() == written.read_bytes()


def test_losses_of_training_and_of_val_are_both_told_while_the_reweighter_looks_at_val(root):
    trained_checkpoint.run(root, **ARGUMENTS)
    (first, *_) = [e for e in journal.read(root / ".unirain/runs/ours") if e.kind == "metrics"]
    metrics = first.metrics or {}

    assert {"train/loss/drs", "train/loss/nrd", "val/loss/drs", "val/loss/nrd"} <= set(metrics)
    assert not [name for name in metrics if name.startswith("loss")]
    assert metrics["train/loss/drs"] != metrics["val/loss/drs"]
    assert {"system/cpu_utilization_percentage", "system/process_peak_memory_megabytes"} <= set(metrics)


def test_a_finished_checkpoint_is_never_trained_again(root, monkeypatch):
    trained_checkpoint.run(root, **ARGUMENTS)
    out = root / "data/checkpoints/ours"
    before, lines = files(out), (root / ".unirain/runs/ours" / journal.LINES).read_bytes()
    (out / "model.json").unlink()
    monkeypatch.setattr(Trainer, "run", lambda self: pytest.fail("trained again"))
    trained_checkpoint.run(root, **ARGUMENTS)

    assert before == files(out)
    assert (root / ".unirain/runs/ours" / journal.LINES).read_bytes().startswith(lines)
    assert [e.kind for e in journal.read(root / ".unirain/runs/ours")][-2:] == ["finish", "current"]


@pytest.mark.parametrize(
    ("section", "change", "same"),
    [
        ("training", {"save_every": 5}, True),
        ("training", {"learning_rate": 2e-3}, False),
        ("strategies", {"tau": 4.0}, False),
        ("networks", {"dim": 16}, False),
        ("variants", {"seed": 1}, False),
    ],
)
def test_what_changes_the_result_and_nothing_else_changes_the_key(root, section, change, same):
    trained_checkpoint.run(root, **ARGUMENTS)
    given = ARGUMENTS[section]
    changed = (
        replace(given, **change)
        if section == "training"
        else {name: replace(entry, **change) for name, entry in given.items()}
    )
    trained_checkpoint.run(root, **(ARGUMENTS | {section: changed}))

    assert (1 if same else 2) == len(list((root / ".unirain/shards/trained_checkpoint").iterdir()))


def test_more_steps_say_plainly_that_the_training_starts_anew_and_why(root, caplog):
    caplog.set_level("INFO")
    trained_checkpoint.run(root, **ARGUMENTS)
    assert "starts anew" not in caplog.text
    trained_checkpoint.run(root, **ARGUMENTS | {"training": replace(ARGUMENTS["training"], steps=8)})

    assert "training.steps is 8 instead of 6" in caplog.text
    assert "starts anew" in caplog.text
    assert "more steps change the learning rate of every step" in caplog.text


def test_a_finished_training_is_taken_from_the_store_without_a_word_of_starting_anew(root, caplog):
    caplog.set_level("INFO")
    more = ARGUMENTS | {"training": replace(ARGUMENTS["training"], steps=8)}
    for arguments in (ARGUMENTS, more):
        trained_checkpoint.run(root, **arguments)
    caplog.clear()
    trained_checkpoint.run(root, **ARGUMENTS)

    assert "starts anew" not in caplog.text


def test_a_flipped_bit_in_a_finished_checkpoint_is_healed_by_running_again(root):
    trained_checkpoint.run(root, **ARGUMENTS)
    out = root / "data/checkpoints/ours"
    before = files(out)
    (stored,) = (root / ".unirain/shards/trained_checkpoint").iterdir()
    for name in ("model.safetensors", "last/model.json", "history.parquet"):
        content = bytearray((stored / name).read_bytes())
        content[len(content) // 2] ^= 1
        (stored / name).write_bytes(content)
        trained_checkpoint.run(root, **ARGUMENTS)

        assert before == files(out)


def test_a_type_without_pairs_is_named_with_a_way_out(root):
    with pytest.raises(MissingInputError, match=r"no pair of nrs.*rain_types"):
        trained_checkpoint.run(root, **(ARGUMENTS | {"rain_types": (*TYPES, "nrs")}))


def test_a_split_that_was_not_made_is_named_with_its_stage(root):
    variants = {"ours": replace(ARGUMENTS["variants"]["ours"], split="mixed")}
    with pytest.raises(MissingArtefactError, match=r"mixed\.parquet.*training_split"):
        trained_checkpoint.run(root, **(ARGUMENTS | {"variants": variants}))


def test_before_the_split_there_is_nothing_to_train_on(tmp_path):
    with pytest.raises(MissingArtefactError, match="rainrag_split"):
        trained_checkpoint.run(tmp_path, **ARGUMENTS)


PROGRAM = """
import json, sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import test_trained_checkpoint as here
from unirain_core.stages import trained_checkpoint
from unirain_core.tracking import mirror
mirror.ATTEMPTS = 0
arguments = here.ARGUMENTS | {"training": replace(here.ARGUMENTS["training"], steps=60)}
trained_checkpoint.run(Path(sys.argv[1]), **arguments)
"""


@pytest.mark.slow
def test_after_kill_9_the_same_command_ends_with_the_same_bytes(root, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, tmp_path / "program.py", root, Path(__file__).parent]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}

    def run(home, until=None):
        process = subprocess.Popen(command, env=environment | {"UNIRAIN_HOME": str(home)})
        while process.poll() is None:
            if until is not None and until(home):
                process.send_signal(signal.SIGKILL)
            time.sleep(0.005)
        return process.returncode, files(root / "data/checkpoints/ours") if (root / "data").exists() else {}

    _, whole = run(tmp_path / "whole")
    killed, _ = run(tmp_path / "killed", until=lambda home: list(home.glob("resume/*/*.pt")))
    ended, resumed = run(tmp_path / "killed")

    assert (killed, ended) == (-signal.SIGKILL, 0)
    assert whole == resumed
    lines = (tmp_path / "killed/runs/ours" / journal.LINES).read_text().splitlines()
    steps = [json.loads(line)["step"] for line in lines if json.loads(line)["kind"] == "metrics"]
    assert sorted(set(steps)) == steps


def test_a_journal_that_was_deleted_is_written_anew_from_the_history(root):
    trained_checkpoint.run(root, **ARGUMENTS)
    file = root / ".unirain/runs/ours" / journal.LINES
    before = journal.read(file.parent)
    file.unlink()
    trained_checkpoint.run(root, **ARGUMENTS)
    after = journal.read(file.parent)
    start = journal.start_of(after)

    assert losses_of(before) == losses_of(after)
    assert {event.name for event in after if event.kind == "file"} == {"config.json", "report.json"}
    assert len(losses_of(after)) > 1
    assert after[-1].kind == "finish"
    assert start is not None
    assert (root / ".unirain/registered" / start.key).exists()


def losses_of(events):
    figures = [(event.step, event.metrics or {}) for event in events]
    return [(step, metrics["val/loss/drs"]) for step, metrics in figures if "val/loss/drs" in metrics]
