"""Kill the pipeline at named points and see that nothing is lost: equal bytes, no orphan, nothing computed twice.

    python -m benchmarks.crash --kills 300 --seed 0

A tiny project is run whole once; that is the reference. Then, per kill: one stage's outs and finished work are taken
away, the stage is run and its worker, itself, DVC or Dagster's run is killed at a seeded moment of a named point
(`benchmarks/kill_points.py`), and the same command is given again. Where DVC died between emptying dvc.lock or rwlock
and writing it, the same command may fail: then `unirain prepare` comes before it, as the README says.
"""

import argparse
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.kill_points import KILLED, WINDOWS
from benchmarks.tiny_project import finished, orphans, run, state, tiny_project

POINTS = Path(__file__).with_name("crash_points")

DAGSTER_RUN = """
import dagster as dg
from unirain_assets.definitions import defs
key = dg.AssetKey([part for part in ("{0}", "{2}") if part])
assets = [a for a in defs.assets if isinstance(a, dg.AssetsDefinition)]
operation = next(a.op.name for a in assets if key in a.keys)
force = {{"ops": {{operation: {{"config": {{"force": True}}}}}}}}
chosen = dg.AssetSelection.assets(key)
done = dg.materialize(assets, selection=chosen, run_config=force, resources=defs.resources)
raise SystemExit(0 if done.success else 1)
"""
"""The program of Dagster's run worker: one asset, whose body is `dvc repro`."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """Somewhere to kill: in which process, at which named point, at which moment of it."""

    target: str
    name: str
    moment: str

    @property
    def is_window(self) -> bool:
        """Whether DVC has emptied the file that it is writing, and has not written it."""
        return self.name in WINDOWS and self.moment in ("empty", "half")


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: of which stage's run, where, and at which passing of the point."""

    stage: str
    point: Point
    number: int


def left_over(project: Path) -> list[int]:
    """Orphans that do not end by themselves within ten seconds; they are ended, so that the next kill can be tried."""
    for _ in range(100):
        if not orphans(project):
            return []
        time.sleep(0.1)
    left = orphans(project)
    for process in left:
        os.kill(process, signal.SIGKILL)
    return left


def command(kill: Kill) -> tuple[str, ...]:
    """The command that a person gives: to DVC, or to Dagster."""
    if kill.point.target == "dagster":
        return (sys.executable, "-c", DAGSTER_RUN.format(*kill.stage.partition("@")))
    return (sys.executable, "-m", "dvc", "repro", "--single-item", "--force", kill.stage)


def same_command(project: Path, kill: Kill) -> subprocess.CompletedProcess[str]:
    """Give the command again; a bare DVC that stops at what it left half written is helped by `unirain prepare`."""
    again = run(project, *command(kill), check=False)
    if again.returncode and kill.point.is_window:
        run(project, sys.executable, "-m", "unirain_core.cli.main", "prepare")
        again = run(project, *command(kill), check=False)
    return again


def take_away(project: Path, stage: str) -> None:
    """Remove a stage's finished work, and what the run would find made: collections, journals, the copy of dvc.lock."""
    (project / ".dvc/tmp/dvc.lock.last").unlink(missing_ok=True)
    name = stage.partition("@")[0]
    for folder in (f"shards/{name}", "resume", "runs", "qdrant"):
        shutil.rmtree(project / ".unirain" / folder, ignore_errors=True)


def survives(project: Path, kill: Kill, reference: dict[str, str]) -> str:
    """Kill once, run again, compare. Returns what is wrong, or nothing."""
    take_away(project, kill.stage)
    flag = project.parent / "killed"
    flag.unlink(missing_ok=True)
    point = kill.point
    crash = f"{point.target}|{point.name}|{kill.number}|{point.moment}|{flag}"
    run(project, *command(kill), env={"PYTHONPATH": search_path(), "CRASH": crash}, check=False)
    if not flag.exists():
        return "not killed"
    if left := left_over(project):
        return f"orphans {left}"
    before = finished(project)
    again = same_command(project, kill)
    if again.returncode != 0:
        return f"the same command exits {again.returncode}: {again.stdout[-400:]} {again.stderr[-400:]}"
    after = finished(project)
    twice = [name for name, inode in before.items() if after.get(name) != inode]
    if twice:
        return f"finished work done again or lost: {twice[:3]}"
    differences = sorted(set(state(project).items()) ^ set(reference.items()))
    return f"other bytes: {[name for name, _ in differences][:4]}" if differences else ""


Passings = dict[Point, dict[str, int]]
"""Point to how often a run of each stage passes it."""

WRITE_MOMENTS = ("before", "empty", "half", "after")
CALL_MOMENTS = ("before", "after")


def passings(project: Path, stages: list[str]) -> Passings:
    """Run each stage once, and count."""
    passed: Passings = defaultdict(dict)
    log = project.parent / "points"
    for stage in stages:
        take_away(project, stage)
        log.unlink(missing_ok=True)
        begin = time.monotonic()
        kill = Kill(stage, Point("stage", "time", "before"), 0)
        run(project, *command(kill), env={"PYTHONPATH": search_path(), "CRASH_LOG": str(log)})
        seconds = time.monotonic() - begin
        for line, number in Counter(log.read_text().splitlines()).items():
            target, name = line.split(maxsplit=1)
            if target not in ("stage", "worker", "dvc"):
                continue
            for moment in WRITE_MOMENTS if name.endswith(":write") else CALL_MOMENTS:
                passed[Point(target, name, moment)][stage] = number
        passed[Point("stage", "time", "before")][stage] = max(1, int(50 * seconds))
        passed[Point("dagster", "time", "before")][stage] = 400
    return passed


def search_path() -> str:
    """The folder of sitecustomize.py first, then what was there."""
    return os.pathsep.join(filter(None, (str(POINTS), os.environ.get("PYTHONPATH"))))


def sequence(passed: Passings, rng: np.random.Generator) -> Iterator[Kill]:
    """Kills without end: DVC's windows first, then every point in a seeded order, again and again."""
    windows = [point for point in sorted(passed) if point.is_window]
    others = [point for point in sorted(passed) if not point.is_window]
    while True:
        for point in [*windows, *(others[i] for i in rng.permutation(len(others)))]:
            stages = sorted(passed[point])
            stage = stages[int(rng.integers(len(stages)))]
            yield Kill(stage, point, int(rng.integers(1, passed[point][stage] + 1)))


def print_points(passed: Passings) -> None:
    """Print every point with its passings."""
    for name in sorted({point.name for point in passed}):
        targets = {point.target: passed[point] for point in passed if point.name == name}
        for target, stages in targets.items():
            print(f"  {target:8s} {name:90s} {sum(stages.values()):6d} in {len(stages)} stages", flush=True)


def main() -> int:
    """Run the kills; print a line each and the sum."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30, help="0: print the points that are passed")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="unirain-crash-") as temporary:
        project = tiny_project(Path(temporary) / "project")
        print("the reference run ...", flush=True)
        run(project, sys.executable, "-m", "dvc", "repro")
        listed = run(project, sys.executable, "-m", "dvc", "stage", "list", "--name-only").stdout.split()
        return kill_stages(project, listed, arguments.kills, arguments.seed)


def kill_stages(project: Path, stages: list[str], wanted: int, seed: int) -> int:
    """Kill runs of these stages so many times in a project in which everything has run; returns the exit code."""
    reference = state(project)
    passed = passings(project, stages)
    never = KILLED - {point.name for point in passed}
    print_points(passed)
    if never:
        print(f"named points that no process passed: {', '.join(sorted(never))}")
        return 1
    return kill_all(project, sequence(passed, np.random.default_rng(seed)), wanted, reference)


def kill_all(project: Path, kills: Iterator[Kill], wanted: int, reference: dict[str, str]) -> int:
    """Kill so many times; a point that the run did not reach this time does not count."""
    killed, good, windows = 0, 0, 0
    for kill in itertools.islice(kills, 3 * wanted):
        fault = survives(project, kill, reference)
        killed += fault != "not killed"
        good += fault == ""
        windows += kill.point.is_window and fault == ""
        point = kill.point
        print(
            f"{killed:4d} {kill.stage:28s} {point.target:8s} {point.name:60s} {kill.number:4d} {point.moment:7s} "
            f"{fault or 'ok'}",
            flush=True,
        )
        if killed == wanted:
            break
    print(f"{good} of {killed} kills: equal bytes, no orphan, no finished work done twice")
    print(f"{windows} of them between DVC's emptying of a file and its writing")
    return 0 if good == killed and killed >= wanted else 1


if __name__ == "__main__":
    sys.exit(main())
