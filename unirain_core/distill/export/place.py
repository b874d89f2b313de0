"""A folder that appears under its name when it is complete, and not before."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unirain_core.artefacts.folders import making
from unirain_core.errors import BusyError, ConfigError


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder under a temporary name beside its own, renamed when the block ends well.

    Where the block raises, nothing is left. Where the process is killed, the next call for the same folder empties the remains.

    Args:
        folder: does not exist, or is empty.

    Raises:
        ConfigError: it is a file, something is in it, or it cannot be made.
        BusyError: another process is writing it.
    """
    folder = folder.resolve()
    partial = folder.with_name(f".{folder.name}.partial")
    with making(folder):
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise ConfigError(f"{folder} is not an empty folder; name a new folder to export into")
        partial.mkdir(parents=True, exist_ok=True)
    with _locked(partial):
        _empty(partial)
        try:
            yield partial
            # the content of all files must be on the disk before the name appears; one call serves a million files
            os.sync()
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"another process is writing {folder}; wait for it to end") from None
        yield
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
