"""Where a stage's finished shards stand: files whose names carry the hashes of their contents."""

import errno
import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from unirain_core.artefacts.sums import read_named
from unirain_core.artefacts.whole import naming

logger = logging.getLogger(__name__)


class Shelf(Protocol):
    """Files that appear whole or not at all."""

    def names(self) -> list[str]:
        """Names of all files, sorted."""

    def fetch(self, names: Sequence[str]) -> None:
        """Bring files to this machine that are about to be read; those that are gone are left out."""

    def path(self, name: str) -> Path:
        """The file on this machine; its content may be damaged.

        Raises:
            FileNotFoundError: it is gone.
        """

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where it is not what the name says. A damaged file is removed.

        Raises:
            FileNotFoundError: it is gone.
        """

    def put(self, name: str, content: bytes) -> None:
        """Store a file."""


@dataclass(frozen=True, slots=True)
class HomeShelf:
    """A folder of the work store's home."""

    folder: Path
    partial: Path
    """Folder of the owner's unfinished work, on the same disk."""
    owner: str

    def names(self) -> list[str]:
        """As `Shelf.names`; finished folders stand among the files."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.is_dir() else []

    def fetch(self, names: Sequence[str]) -> None:
        """As `Shelf.fetch`: all is here."""

    def path(self, name: str) -> Path:
        """As `Shelf.path`."""
        return self.folder / name

    def read(self, name: str) -> bytes | None:
        """As `Shelf.read`."""
        content = read_named(self.folder / name)
        if content is None:
            tell_damage(self.owner, self.folder / name)
            self.remove(name)
        return content

    def put(self, name: str, content: bytes) -> None:
        """As `Shelf.put`."""
        self.partial.mkdir(parents=True, exist_ok=True)
        # workers and the stage itself may put the same file at once
        partial = self.partial / f"{os.getpid()}.{name}"
        with naming(partial):
            partial.write_bytes(content)
        publish(partial, self.folder / name)

    def remove(self, name: str) -> None:
        """Remove a file; another process may have done so already."""
        (self.folder / name).unlink(missing_ok=True)


def tell_damage(owner: str, place: object) -> None:
    """Say that finished work counts as absent."""
    logger.warning("%s: finished work is damaged and is done again: %s", owner, place)


def publish(partial: Path, final: Path) -> None:
    """Flush a folder or file to the disk and give it its final name; an equal one may stand there already."""
    files = [partial] if partial.is_file() else [f for f in partial.rglob("*") if f.is_file()]
    for file in files:
        with naming(file), file.open("rb") as handle:
            os.fsync(handle.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        partial.rename(final)
    except OSError as error:
        # another maker of the same key was faster, and its folder has the same content
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not final.is_dir():
            raise
        shutil.rmtree(partial)
