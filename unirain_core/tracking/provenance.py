"""Where a training comes from: the commit of its code and the name of its DVC experiment."""

import os
import subprocess
from pathlib import Path


def provenance(root: Path) -> dict[str, str]:
    """Tags of a run; what is not known is left out.

    Args:
        root: the project's root.
    """
    tags = {"mlflow.source.git.commit": _commit(root), "dvc.exp.name": os.environ.get("DVC_EXP_NAME", "")}
    return {name: value for name, value in tags.items() if value}


def _commit(root: Path) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "--verify", "--quiet", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:  # no git on this machine
        return ""
    return answer.stdout.strip()
