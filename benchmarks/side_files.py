"""Damage every kind of side file and see that each command ends right: exit 0, equal artefacts.

    python benchmarks/side_files.py --damages 200 --seed 0

A tiny project is run whole once; that is the reference. Then, each time: one side file is cut, emptied, flipped, deleted
or replaced by a folder, and the commands that use it are run. Side files are everything that is no artefact: journals,
MLflow's mirror, caches, resume states, locks, Qdrant's collections.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.crash import run, state, tiny_project

DAMAGES = ("cut", "emptied", "flipped", "deleted", "a folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Side files of one kind, and what uses them."""

    name: str
    patterns: Sequence[str]
    """Relative to the project."""
    commands: Sequence[str]
    """Must end right while a file of this kind is damaged; the first one comes first."""


TRAINING = "dvc repro --force --single-item trained_checkpoint@uniform"
KINDS = (
    Kind(
        name="journals",
        patterns=(".unirain/runs/**/*",),
        commands=("unirain track", TRAINING, "unirain track"),
    ),
    Kind(
        name="mlflow",
        patterns=(".mlflow/mlflow.db*", ".mlflow/artifacts/**/*"),
        commands=("unirain track", TRAINING),
    ),
    Kind(
        name="qdrant",
        patterns=(".unirain/qdrant/**/*",),
        commands=("dvc repro --force --single-item retrieved_references",),
    ),
    Kind(name="hashes", patterns=(".unirain/hashes/*",), commands=("dvc repro --single-item raw_datasets",)),
    Kind(name="used", patterns=(".unirain/used/*",), commands=(TRAINING, "unirain gc")),
    Kind(name="locks", patterns=(".unirain/locks/*",), commands=(TRAINING, "unirain gc")),
    Kind(name="registered", patterns=(".unirain/registered/*",), commands=("unirain gc", "unirain track")),
    Kind(name="resume", patterns=(".unirain/resume/**/*",), commands=(TRAINING,)),
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


def trial(project: Path, kind: Kind, damage: str, reference: dict[str, str], rng: np.random.Generator) -> str:
    """Damage a file of a kind and run its commands; empty where all ended right, else what did not."""
    files = victims(project, kind)
    if not files:
        return ""
    file = files[int(rng.integers(len(files)))]
    spoil(file, damage, rng)
    problem = ""
    for command in kind.commands:
        done = run(project, *command.split(), check=False)
        if done.returncode != 0 and not problem:
            last = " ".join(done.stderr.split())[-400:]
            problem = f"{file.relative_to(project)} {damage}: `{command}` exited {done.returncode}: {last}"
    after = state(project)
    changed = sorted(name for name in reference | after if reference.get(name) != after.get(name))
    if changed and not problem:
        problem = f"{file.relative_to(project)} {damage}: {len(changed)} artefacts differ, the first is {changed[0]}"
    if file.is_dir():
        file.rmdir()
    return problem


def trials(project: Path, kinds: Sequence[Kind], number: int, seed: int) -> tuple[Counter[str], list[str]]:
    """So many damages in turn over all kinds; returns how many of each, and what did not end right."""
    reference, rng = state(project), np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    problems: list[str] = []
    for at in range(number):
        kind, damage = kinds[at % len(kinds)], DAMAGES[(at // len(kinds)) % len(DAMAGES)]
        counts[f"{kind.name}, {damage}"] += 1
        problem = trial(project, kind, damage, reference, rng)
        if problem:
            problems.append(problem)
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
    print(f"{sum(counts.values())} damages, {len(problems)} wrong, {time.monotonic() - begin:.0f} s")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
