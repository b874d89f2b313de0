"""Flip single bits in stored artefacts, time stamps unchanged, and see that each is noticed or has no effect.

    python -m benchmarks.flips --flips 200 --seed 0

A tiny project is run whole once; that is the reference. Then, per flip: one bit of one file of the work store, of a
checkpoint, of an out under data/ or of an object in DVC's cache is inverted. What reads the file is run. It must end with
the reference's bytes, or name what is damaged; then the command that its message names is run, and after it the bytes must
be the reference's again.
"""

import argparse
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from benchmarks.tiny_project import run, state, tiny_project

DVC = (sys.executable, "-m", "dvc")
REMEDY = re.compile(r"`(dvc repro [^`]+)`")
KINDS = ("store", "checkpoint", "out", "cache")


@dataclass(frozen=True, slots=True)
class Flip:
    """One inverted bit."""

    kind: str
    file: Path
    """Relative to the project."""
    place: int
    """Of the byte."""
    bit: int

    def invert(self, project: Path) -> None:
        """Invert the bit, and give the file its old time stamps; twice gives the old content."""
        path = project / self.file
        before = path.stat()
        path.chmod(0o644)
        content = bytearray(path.read_bytes())
        content[self.place] ^= 1 << self.bit
        path.write_bytes(content)
        path.chmod(before.st_mode)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def candidates(project: Path) -> dict[str, list[Path]]:
    """Files of each kind that hold at least one byte."""
    globs = {
        "store": ".unirain/shards/**/*",
        "checkpoint": "data/checkpoints/**/*",
        "out": "data/**/*",
        "cache": ".dvc/cache/files/md5/**/*",
    }
    files: dict[str, list[Path]] = {}
    for kind, pattern in globs.items():
        paths = (path for path in sorted(project.glob(pattern)) if path.is_file() and path.stat().st_size)
        files[kind] = [path.relative_to(project) for path in paths if path.name != ".gitignore"]
    files["out"] = [file for file in files["out"] if file.parts[1] != "checkpoints"]
    return files


def draw(project: Path, kind: str, rng: np.random.Generator) -> Flip:
    """A file of a kind and a bit of that, each uniformly."""
    files = candidates(project)[kind]
    file = files[int(rng.integers(len(files)))]
    return Flip(kind, file, int(rng.integers((project / file).stat().st_size)), int(rng.integers(8)))


def stages_of(project: Path, stage: str) -> list[str]:
    """Addresses of a stage's steps."""
    names = run(project, *DVC, "stage", "list", "--name-only").stdout.split()
    return [name for name in names if name.partition("@")[0] == stage]


def outcome(project: Path, flip: Flip, reference: Mapping[str, str]) -> str:
    """The end of a flip: healed, without effect, noticed; anything else is a fault."""
    flip.invert(project)
    if flip.kind == "store":
        done = run(
            project, *DVC, "repro", "--force", "--single-item", *stages_of(project, flip.file.parts[2])
        )
        return ("healed" if "damaged" in done.stdout + done.stderr else "without effect") + changed(
            project, reference
        )
    if flip.kind == "cache":
        verdict = after_checkout(project, reference)
        if flip.file.name in {path.name for path in project.glob(".dvc/cache/files/md5/*/*")}:
            restore(project, flip)
        return verdict
    return noticed(project, flip.file) + changed(project, reference)


def after_checkout(project: Path, reference: Mapping[str, str]) -> str:
    """Throw all outs away, take them from DVC's cache, and look whether the damage is noticed."""
    lock = YAML(typ="safe").load(project / "dvc.lock")
    for entry in lock["stages"].values():
        for out in entry.get("outs", ()):
            place = project / out["path"]
            if not out["path"].startswith("data/"):
                continue
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink()
    checkout = run(project, *DVC, "checkout", check=False)
    if checkout.returncode == 0:
        verdict = noticed(project)
    else:
        verdict = "refused by DVC"
        run(project, *DVC, "repro", "--force")
    return verdict + changed(project, reference)


def readers(project: Path, file: Path) -> list[str]:
    """Steps that read a file, by dvc.lock."""
    lock = YAML(typ="safe").load(project / "dvc.lock")
    return [
        address
        for address, entry in lock["stages"].items()
        if any(file.is_relative_to(dep["path"]) for dep in entry.get("deps", ()))
    ]


def noticed(project: Path, file: Path | None = None) -> str:
    """Whoever reads the file refuses it and names the command that heals it, which is run.

    Without a file, or where no step reads it, `unirain verify` is who reads.
    """
    reading = readers(project, file) if file is not None else []
    commands: list[tuple[str, ...]] = [("unirain", "verify")]
    if reading:
        commands = [(*DVC, "repro", "--force", "--single-item", step) for step in reading]
    answers = [run(project, *command, check=False) for command in commands]
    silent = [answer for answer in answers if answer.returncode == 0]
    if reading and silent:
        return "FAULT: read without a word"
    if silent:
        return "without effect"
    said = " ".join(" ".join(answer.stdout + answer.stderr for answer in answers).split())
    remedies = list(dict.fromkeys(REMEDY.findall(said)))
    if not remedies:
        return f"FAULT: no remedy is named: {said[-600:]}"
    for remedy in remedies:
        run(project, *DVC, *remedy.split()[1:])
    for command in commands:  # "then the same command again": DVC took a refused step's outs away
        run(project, *command)
    return "noticed"


def changed(project: Path, reference: Mapping[str, str]) -> str:
    """The differences from the reference, as a fault; empty where there are none."""
    differences = sorted(set(state(project).items()) ^ set(reference.items()))
    return f" FAULT: other bytes: {[name for name, _ in differences][:4]}" if differences else ""


def restore(project: Path, flip: Flip) -> None:
    """Give the cache its object back, if it still has the damaged one, so that the next flip stands alone."""
    path = project / flip.file
    name = flip.file.parts[-2] + flip.file.parts[-1].removesuffix(".dir")
    if hashlib.md5(path.read_bytes()).hexdigest() != name:
        flip.invert(project)


def flip_all(project: Path, wanted: int, seed: int) -> Counter[tuple[str, str]]:
    """Flip so many bits, of every kind in turn, of a project in which everything has run.

    Returns how often each kind ended how.
    """
    reference, rng = state(project), np.random.default_rng(seed)
    outcomes: Counter[tuple[str, str]] = Counter()
    for number in range(1, wanted + 1):
        flip = draw(project, KINDS[number % len(KINDS)], rng)
        verdict = outcome(project, flip, reference)
        outcomes[flip.kind, verdict] += 1
        print(f"{number:4d} {flip.kind:10s} {str(flip.file)[-70:]:70s} {verdict}", flush=True)
        if "FAULT" in verdict:  # the next flip begins from the reference again
            run(project, *DVC, "repro", "--force")
    return outcomes


def main() -> int:
    """Flip, look, heal; print a line each and the sums."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--flips", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="unirain-flips-") as temporary:
        project = tiny_project(Path(temporary) / "project")
        print("the reference run ...", flush=True)
        run(project, *DVC, "repro")
        outcomes = flip_all(project, arguments.flips, arguments.seed)
    for (kind, verdict), count in sorted(outcomes.items()):
        print(f"{kind:10s} {verdict:16s} {count}")
    faults = sum(count for (_, verdict), count in outcomes.items() if "FAULT" in verdict)
    print(
        f"{arguments.flips - faults} of {arguments.flips} flipped bits were healed, noticed or without effect"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
