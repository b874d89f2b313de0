"""Kill the pipeline at named points and see that nothing is lost: equal bytes, no orphan, nothing computed twice.

    python benchmarks/crash.py --kills 300 --seed 0

A tiny project is run whole once; that is the reference. Then, per kill: one stage's outs and finished work are taken
away, the stage is run and its worker, itself, DVC or Dagster's run is killed at a seeded point (before or after the
n-th rename or lock write, or at a moment), and the same command is given again.
"""

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
POINTS = Path(__file__).with_name("crash_points")

DAGSTER_RUN = """
import dagster as dg
from unirain_assets.definitions import defs
stage, key = "{0}", "{2}" or None
assets = [a for a in defs.assets if isinstance(a, dg.AssetsDefinition)]
chosen = dg.AssetSelection.assets(stage)
force = {{"ops": {{stage: {{"config": {{"force": True}}}}}}}}
done = dg.materialize(assets, selection=chosen, partition_key=key, run_config=force, resources=defs.resources)
raise SystemExit(0 if done.success else 1)
"""
"""What Dagster's run worker does: one asset, whose body is `dvc repro`."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: which process, at which point."""

    stage: str
    target: str
    kind: str
    number: int
    when: str


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


def command(kill: Kill) -> tuple[str, ...]:
    """The command that a person gives: to DVC, or to Dagster."""
    if kill.target == "dagster":
        return (sys.executable, "-c", DAGSTER_RUN.format(*kill.stage.partition("@")))
    return (sys.executable, "-m", "dvc", "repro", "--single-item", "--force", kill.stage)


def take_away(project: Path, stage: str) -> None:
    """Remove a stage's finished work, so that its next run computes all of it."""
    name = stage.partition("@")[0]
    for folder in (project / ".unirain/shards" / name, project / ".unirain/resume"):
        shutil.rmtree(folder, ignore_errors=True)


def survives(project: Path, kill: Kill, reference: dict[str, str]) -> str:
    """Kill once, run again, compare. Returns what is wrong, or nothing."""
    take_away(project, kill.stage)
    flag = project.parent / "killed"
    flag.unlink(missing_ok=True)
    crash = f"{kill.target}:{kill.kind}:{kill.number}:{kill.when}:{flag}"
    run(project, *command(kill), env={"PYTHONPATH": str(POINTS), "CRASH": crash}, check=False)
    if not flag.exists():
        return "not killed"
    for _ in range(100):
        if not orphans(project):
            break
        time.sleep(0.1)
    else:
        left = orphans(project)
        for process in left:
            os.kill(process, signal.SIGKILL)
        return f"orphans {left}"
    before = finished(project)
    again = run(project, *command(kill), check=False)
    if again.returncode != 0:
        return f"the same command exits {again.returncode}: {again.stdout[-400:]} {again.stderr[-400:]}"
    after = finished(project)
    twice = [name for name, inode in before.items() if after.get(name) != inode]
    if twice:
        return f"finished work done again or lost: {twice[:3]}"
    odd = sorted(set(state(project).items()) ^ set(reference.items()))
    return f"other bytes: {[name for name, _ in odd][:4]}" if odd else ""


def points(project: Path, stages: list[str]) -> dict[tuple[str, str, str], int]:
    """How many points of each kind each process passes in one run of each stage."""
    counts: dict[tuple[str, str, str], int] = {}
    for stage in stages:
        take_away(project, stage)
        log = project.parent / "points"
        log.unlink(missing_ok=True)
        kill = Kill(stage, "stage", "rename", 0, "before")
        begin = time.monotonic()
        run(project, *command(kill), env={"PYTHONPATH": str(POINTS), "CRASH_LOG": str(log)})
        for line, number in Counter(log.read_text().splitlines()).items():
            target, kind = line.split()
            if target in ("stage", "worker", "dvc"):
                counts[stage, target, kind] = number
        counts[stage, "stage", "time"] = max(1, int(50 * (time.monotonic() - begin)))
        counts[stage, "dagster", "time"] = 400
    return counts


def main() -> int:
    """Run the kills; print a line each and the sum."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="unirain-crash-") as temporary:
        project = tiny_project(Path(temporary) / "project")
        print("the reference run ...", flush=True)
        run(project, sys.executable, "-m", "dvc", "repro")
        reference = state(project)
        stages = [
            line.split()[0]
            for line in run(project, sys.executable, "-m", "dvc", "stage", "list").stdout.splitlines()
        ]
        counts = points(project, stages)
        choices = sorted(counts)
        done, killed, good = 0, 0, 0
        while killed < arguments.kills and done < 3 * arguments.kills:
            stage, target, kind = choices[int(rng.integers(len(choices)))]
            number = int(rng.integers(1, counts[stage, target, kind] + 1))
            kill = Kill(
                stage, target, kind, number, "after" if rng.random() < 0.5 and kind != "time" else "before"
            )
            fault = survives(project, kill, reference)
            done += 1
            killed += fault != "not killed"
            good += fault == ""
            print(
                f"{killed:4d} {kill.stage:28s} {target:8s} {kind:7s} {number:4d} {kill.when:7s} {fault or 'ok'}",
                flush=True,
            )
    print(f"{good} of {killed} kills: equal bytes, no orphan, no finished work done twice")
    return 0 if good == killed and killed >= arguments.kills else 1


if __name__ == "__main__":
    sys.exit(main())
