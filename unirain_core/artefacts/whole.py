"""Files that appear under their names whole or not at all."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error of the system inside the block name this file: a full disk's error names none by itself."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = os.fspath(path)
        raise


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file under a temporary name, flushed to the disk and renamed when the block ends well.

    Where it does not (a full disk, a signal), what stood under the name stays, and nothing half done is left.

    Args:
        path: the final name; its folder is made.

    Raises:
        OSError: the disk is full or does not answer; its `filename` is the path.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # short, because the final name may be as long as the file system allows; the same every time, because what a kill
    # leaves is then overwritten by the next run
    partial = path.with_name(f".{hashlib.sha256(path.name.encode()).hexdigest()[:16]}.partial")
    try:
        with naming(path), partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8 through `whole_file`."""
    with whole_file(path) as file:
        file.write(text.encode())


def rewrite(path: Path, text: str) -> None:
    """Write a person's file anew with the permissions that it has, and through a link to it."""
    own = path.resolve()
    permissions = own.stat().st_mode if own.exists() else None
    with whole_file(own) as fresh:
        if permissions is not None:
            os.fchmod(fresh.fileno(), stat.S_IMODE(permissions))
        fresh.write(text.encode())
