"""Where a training comes from: its command, commit, code, params and packages, and the name of its DVC experiment."""

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from unirain_core.artefacts.report import MadeWith


def provenance(root: Path, command: str, made_with: MadeWith | None = None) -> dict[str, str]:
    """Tags of a run; what is not known is left out.

    Args:
        root: the project's root.
        command: that runs the stage; MLflow shows it as the run's source.
        made_with: hashes of code and params when the stage began.
    """
    tags = {
        "mlflow.source.name": command,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": _commit(root),
        "dvc.exp.name": os.environ.get("DVC_EXP_NAME", ""),
        "python": platform.python_version(),
    }
    if made_with is not None:
        tags |= {"unirain.code": made_with.code, "unirain.params": made_with.params}
        tags["unirain.dirty"] = {True: "yes", False: "no", None: ""}[made_with.dirty]
    return {name: value for name, value in tags.items() if value}


def environment() -> str:
    """The interpreter, the machine's system and every installed package with its version, as pip would take it."""
    packages = {f"{package.name}=={package.version}" for package in metadata.distributions()}
    head = f"# Python {platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores"
    return "\n".join([head, *sorted(packages, key=str.lower)]) + "\n"


def is_dirty(root: Path, sources: Sequence[str]) -> bool | None:
    """Whether code, pipeline or params differ from the commit; None without git or without a commit.

    Args:
        root: the project's root.
        sources: code, relative to the root.
    """
    if not _commit(root):
        return None
    # bytecode appears as code is imported; .dvcignore leaves it out of the code's hash, too
    no_bytecode = ":(exclude,glob)**/__pycache__/**"
    answer = _git(root, "status", "--porcelain", "--", *sources, "dvc.yaml", "params.yaml", no_bytecode)
    return None if answer is None else bool(answer)


def _commit(root: Path) -> str:
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD") or ""


def _git(root: Path, *arguments: str) -> str | None:
    """The output of git; None where it fails or is not on this machine."""
    try:
        answer = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
