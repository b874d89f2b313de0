"""Kill the pipeline at named points and see that nothing is lost: equal bytes, no orphan, nothing computed twice.

    python -m benchmarks.crash --kills 300 --seed 0

A tiny project is run whole once; that is the reference. Then, per kill: one stage's outs and finished work are taken
away, the stage is run and its worker, itself, DVC or Dagster's run is killed at a seeded moment of a named point
(`benchmarks/kill_points.py`), and the same command is given again. Where DVC died between emptying dvc.lock or rwlock
and writing it, the same command may fail: then `unirain prepare` comes before it, as the README says.
"""

import argparse
import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from benchmarks.kill_points import KILLED, WINDOWS

ROOT = Path(__file__).parents[1]
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


def tiny_project(folder: Path) -> Path:
    """A DVC project of its own with a corpus of few small pictures and a few training steps."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        ROOT / "unirain_core", folder / "unirain_core", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("dvc.yaml", ".dvcignore", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "data/sample_corpus").mkdir(parents=True)
    shutil.copy(ROOT / "data/sample_corpus/.gitignore", folder / "data/sample_corpus")
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["sample_corpora"]["demo"] |= {"height": 96, "width": 144, "pairs_per_type": 16, "real_per_type": 3}
    params["encoders"]["structure_side"] = 32
    for name in ("unfiltered", "test", "val"):
        params["rainrag_split"][name] |= {"per_type": 1, "per_scene": 1}
    params["networks"]["small"] |= {"dim": 8, "heads": [1, 1, 2]}
    params["training"] |= {
        "steps": 12,
        "warmup_steps": 4,
        "patch": 32,
        "validate_every": 6,
        "save_every": 3,
        "val_crops_per_type": 1,
    }
    yaml.dump(params, folder / "params.yaml")
    run(folder, "git", "init", "-q")
    run(folder, sys.executable, "-m", "dvc", "init", "-q")
    shutil.copy(ROOT / ".dvc/config", folder / ".dvc")
    # committed from the start, as reports say whether code or params are dirty, which a later commit would change
    run(folder, "git", "add", "-A")
    run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "the project")
    return folder


def run(
    project: Path, *command: str, env: Mapping[str, str] | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command in the project with this interpreter's programs first on the path."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        **(env or {}),
    }
    for name in ("DVC_ROOT", "DVC_STAGE", "UNIRAIN_HOME"):
        environment.pop(name, None)
    done = subprocess.run(
        command,
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if check and done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command)} exited {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        )
    return done


def tree(folder: Path) -> dict[str, str]:
    """Content hash of every file below a folder, by relative path."""
    return {
        str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(folder.rglob("*"))
        if f.is_file()
    }


def state(project: Path) -> dict[str, str]:
    """Everything that must be equal after a kill and the same command again."""
    return {
        **tree(project / "data"),
        **{f"reports/{k}": v for k, v in tree(project / "reports").items()},
        "dvc.lock": hashlib.sha256((project / "dvc.lock").read_bytes()).hexdigest(),
    }


def finished(project: Path) -> dict[str, int]:
    """Finished work by name, with its inode: work that is done again has another one."""
    return {str(p): p.stat().st_ino for p in (project / ".unirain/shards").glob("*/*")}


def orphans(project: Path) -> list[int]:
    """Processes that still work in the project."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == project.resolve() and "Z" not in (
                process / "stat"
            ).read_text().split()[2]:
                found.append(int(process.name))
        except OSError:
            continue
    return found


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
    odd = sorted(set(state(project).items()) ^ set(reference.items()))
    return f"other bytes: {[name for name, _ in odd][:4]}" if odd else ""


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
    parser.add_argument(
        "--points", action="store_true", help="print every point that is passed, kill nothing"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="unirain-crash-") as temporary:
        project = tiny_project(Path(temporary) / "project")
        print("the reference run ...", flush=True)
        run(project, sys.executable, "-m", "dvc", "repro")
        reference = state(project)
        listed = run(project, sys.executable, "-m", "dvc", "stage", "list").stdout.splitlines()
        passed = passings(project, [line.split()[0] for line in listed])
        never = KILLED - {point.name for point in passed}
        print_points(passed)
        if never:
            print(f"named points that no process passed: {', '.join(sorted(never))}")
            return 1
        kills = sequence(passed, np.random.default_rng(arguments.seed))
        return kill_all(project, kills, arguments.kills, reference)


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
