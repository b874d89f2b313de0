"""A tiny project for programs and tests that run the whole pipeline, and its state by content.

It has a corpus of few small pictures and a training of few steps: a whole `dvc repro` takes one to two minutes of CPU.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]


def tiny_project(folder: Path) -> Path:
    """A DVC project of its own with a corpus of few small pictures and a few training steps."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        ROOT / "unirain_core", folder / "unirain_core", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("dvc.yaml", ".dvcignore", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "prompts", folder / "prompts")
    (folder / "data/sample_corpus").mkdir(parents=True)
    shutil.copy(ROOT / "data/sample_corpus/.gitignore", folder / "data/sample_corpus")
    shutil.copytree(ROOT / "labels", folder / "labels")
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
    shutil.copytree(ROOT / ".dvc/plots", folder / ".dvc/plots")
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
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): _hash(file) for file in files}


def _hash(file: Path) -> str:
    """Hash of a file's content; of `.gitignore` and `dvc.lock` without regard to the order of their entries.

    DVC takes stages that do not depend on each other in any order, and adds to both files as it goes.
    """
    content = file.read_bytes()
    if file.name == ".gitignore":
        content = b"\n".join(sorted(content.splitlines()))
    if file.name == "dvc.lock":
        content = json.dumps(YAML(typ="safe").load(content), sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


def state(project: Path) -> dict[str, str]:
    """Everything that must be equal after a kill and the same command again."""
    return {
        **tree(project / "data"),
        **{f"reports/{k}": v for k, v in tree(project / "reports").items()},
        "dvc.lock": _hash(project / "dvc.lock"),
    }


def finished(project: Path) -> dict[str, int]:
    """Finished work by name, with its inode: work that is done again has another one."""
    return {str(p): p.stat().st_ino for p in (project / ".unirain/shards").glob("*/*")}


def orphans(project: Path) -> list[int]:
    """Processes that still work in the project."""
    numbers: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_here = (process / "cwd").resolve() == project.resolve()
            is_zombie = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if is_here and not is_zombie:
            numbers.append(int(process.name))
    return numbers
