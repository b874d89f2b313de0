"""Where the project is in which a command stands: here, or in a folder above, as git and DVC look."""

import os
from pathlib import Path

from unirain_core.errors import ConfigError

MARKS = ("dvc.yaml", "params.yaml")
"""Either makes a folder a project."""


def project_root(folder: Path) -> Path | None:
    """The nearest folder, from this one upwards, that holds a project; None outside of any.

    Args:
        folder: absolute; a command's current one.
    """
    for place in (folder, *folder.parents):
        if any((place / mark).is_file() for mark in MARKS):
            return place
    return None


def here() -> Path:
    """The root of the project in which a command stands; outside of any, the current folder."""
    folder = Path.cwd()
    return project_root(folder) or folder


def own_work() -> Path:
    """As `here`, for a command that handles the work store of a project.

    Raises:
        ConfigError: the command stands in no project, and UNIRAIN_HOME names no store.
    """
    folder = here()
    if project_root(folder) is None and not os.environ.get("UNIRAIN_HOME"):
        raise ConfigError(f"{folder} is in no project; run from the root of the project")
    return folder
