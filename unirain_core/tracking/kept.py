"""Notes of the finished trainings that the model registry names: `unirain gc` keeps their bytes. Does not load mlflow."""

import shutil
from collections.abc import Set
from pathlib import Path

from unirain_core.tracking.aside import put_aside

_FOLDER = "registered"
"""Below the work store's home; an empty file for each training, under its key."""


def keep(home: Path, key: str) -> None:
    """Note that the registry names, or is about to name, a training."""
    folder = home / _FOLDER
    if folder.exists() and not folder.is_dir():
        put_aside(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / key).touch()


def kept_keys(home: Path) -> set[str]:
    """Keys of all trainings that the registry names."""
    return {file.name for file in (home / _FOLDER).glob("*")}


def keep_only(home: Path, keys: Set[str]) -> None:
    """Note exactly these trainings: those whose versions somebody deleted are free to go."""
    for key in kept_keys(home) - keys:
        note = home / _FOLDER / key
        if note.is_dir():
            shutil.rmtree(note)
        else:
            note.unlink(missing_ok=True)
    for key in sorted(keys):
        keep(home, key)
