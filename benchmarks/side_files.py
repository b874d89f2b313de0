"""Damage every kind of side file and see that each command ends right: exit 0, equal artefacts.

    python -m benchmarks.side_files --damages 200 --seed 0

A tiny project is run whole once; that is the reference. Then, each time: one side file is cut, emptied, flipped, deleted
or replaced by a folder, and the commands that use it are run. Every third damage of a kind that a training uses happens in
the middle of a training. Side files are everything that is no artefact: journals, MLflow's mirror, caches, indexes of finished
work, resume states, locks, Qdrant's collections.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.tiny_project import run, state, tiny_project

DAMAGES = ("cut", "emptied", "flipped", "deleted", "a folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Side files of one kind, and what uses them."""

    name: str
    patterns: Sequence[str]
    """Relative to the project."""
    commands: Sequence[str]
    """Must end right while a file of this kind is damaged; the first one comes first."""
    of_training: bool = False
    """Whether a training uses them, so that they are damaged in its middle too."""


TRAINING = "dvc repro --force --single-item trained_checkpoint@uniform"
KINDS = (
    Kind(
        name="journals",
        patterns=(".unirain/runs/**/*",),
        of_training=True,
        commands=("unirain track", TRAINING, "unirain track"),
    ),
    Kind(
        name="mlflow",
        patterns=(".mlflow/mlflow.db*", ".mlflow/artifacts/**/*"),
        of_training=True,
        commands=("unirain track", TRAINING),
    ),
    Kind(
        name="qdrant",
        patterns=(".unirain/qdrant/**/*",),
        commands=("dvc repro --force --single-item retrieved_references",),
    ),
    Kind(
        name="index",
        patterns=(".unirain/index/**/*",),
        commands=("dvc repro --force --single-item verified_pairs", "unirain gc"),
    ),
    Kind(name="hashes", patterns=(".unirain/hashes/*",), commands=("dvc repro --single-item raw_datasets",)),
    Kind(name="used", patterns=(".unirain/used/*",), of_training=True, commands=(TRAINING, "unirain gc")),
    Kind(name="locks", patterns=(".unirain/locks/*",), of_training=True, commands=(TRAINING, "unirain gc")),
    Kind(
        name="registered",
        patterns=(".unirain/registered/*",),
        of_training=True,
        commands=("unirain gc", "unirain track"),
    ),
    Kind(name="resume", patterns=(".unirain/resume/**/*",), of_training=True, commands=(TRAINING,)),
    Kind(name="dvc", patterns=(".dvc/tmp/**/*",), commands=("unirain prepare", "dvc status", TRAINING)),
)


def spoil(file: Path, damage: str, rng: np.random.Generator) -> None:
    """Damage one file."""
    content = bytearray(file.read_bytes())
    at = int(rng.integers(len(content))) if content else 0
    file.unlink()
    match damage:
        case "cut":
            file.write_bytes(content[:at])
        case "emptied":
            file.write_bytes(b"")
        case "flipped":
            if content:
                content[at] ^= 1 << int(rng.integers(8))
            file.write_bytes(content)
        case "a folder":
            file.mkdir()


def victims(project: Path, kind: Kind) -> list[Path]:
    """The files of a kind, in an order that stays. DVC's rwlock has its own program, `crash.py`."""
    files = {file for pattern in kind.patterns for file in project.glob(pattern) if file.is_file()}
    return sorted(file for file in files if file.name != "rwlock")


def unfinished_training(project: Path) -> subprocess.Popen[bytes]:
    """A training that has to compute everything, with its first snapshot written; it still runs."""
    for folder in (".unirain/shards/trained_checkpoint", ".unirain/resume"):
        shutil.rmtree(project / folder, ignore_errors=True)
    command = [sys.executable, "-m", *TRAINING.split()]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
    }
    running = subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while running.poll() is None and not list(project.glob(".unirain/resume/*/*.pt")):
        time.sleep(0.05)
    return running


def in_the_middle(
    project: Path, kind: Kind, damage: str, rng: np.random.Generator
) -> tuple[Path | None, str]:
    """Damage a file of a kind while a training runs; returns the file, and how the training failed."""
    running = unfinished_training(project)
    files = victims(project, kind)
    file = files[int(rng.integers(len(files)))] if files else None
    if file is not None:
        with contextlib.suppress(FileNotFoundError):  # the training has just replaced it by a newer one
            spoil(file, damage, rng)
    _, said = running.communicate()
    return file, "" if running.returncode == 0 else " ".join(said.decode(errors="replace").split())[-400:]


def before(project: Path, kind: Kind, damage: str, rng: np.random.Generator) -> tuple[Path | None, str]:
    """Damage a file of a kind, then run its commands; returns the file, and how the first of them failed."""
    if kind.name == "resume":
        running = unfinished_training(project)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
    files = victims(project, kind)
    if not files:
        return None, ""
    file = files[int(rng.integers(len(files)))]
    spoil(file, damage, rng)
    for command in kind.commands:
        done = run(project, *command.split(), check=False)
        if done.returncode != 0:
            return file, f"`{command}` exited {done.returncode}: {' '.join(done.stderr.split())[-400:]}"
    return file, ""


def trials(project: Path, kinds: Sequence[Kind], number: int, seed: int) -> tuple[Counter[str], list[str]]:
    """So many damages in turn over all kinds; returns how many of each, and what did not end right."""
    reference, rng = state(project), np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    problems: list[str] = []
    for at in range(number):
        kind, turn = kinds[at % len(kinds)], at // len(kinds)
        damage = DAMAGES[turn % len(DAMAGES)]
        is_in_the_middle = kind.of_training and turn % 3 == 2
        act = in_the_middle if is_in_the_middle else before
        file, fault = act(project, kind, damage, rng)
        when = "in mid-run" if is_in_the_middle else "before"
        if file is None:
            counts[f"{kind.name}: no file to damage"] += 1
            continue
        counts[f"{kind.name}, {damage}, {when}"] += 1
        after = state(project)
        changed = sorted(name for name in reference | after if reference.get(name) != after.get(name))
        if changed and not fault:
            fault = f"{len(changed)} artefacts differ, the first is {changed[0]}"
        if fault:
            problems.append(f"{file.relative_to(project)} {damage} {when}: {fault}")
            run(project, "dvc", "repro", "--force", check=False)  # the next damage begins from the reference
        if file.is_dir():
            shutil.rmtree(file)
    return counts, problems


def main() -> None:
    """Print how many were damaged, how, and what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--damages", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        project = tiny_project(Path(folder) / "project")
        run(project, "dvc", "repro")
        counts, problems = trials(project, KINDS, arguments.damages, arguments.seed)
    for name, count in sorted(counts.items()):
        print(f"{count:4} {name}")
    for problem in problems:
        print(f"WRONG {problem}")
    damages = sum(count for name, count in counts.items() if "no file" not in name)
    print(f"{damages} damages, {len(problems)} wrong, {time.monotonic() - begin:.0f} s")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
