"""Finished work that several machines share: in an object store or on a shared disk, at a URL that fsspec reads.

    <url>/shards/<stage>/<name>            finished shards, under the same names as in a home
    <url>/shards/<stage>/<key>.<hash>.zip  finished folders, one object each
    <url>/used/<machine>/<owner>.json      the finished work that the owner's last whole run on a machine referred to

Every object appears whole or not at all. A home keeps copies of what it used; they are checked when they are used, and what
is damaged is fetched again.
"""

import io
import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts.remote import Remote, is_url
from unirain_core.artefacts.sums import content_name, damage, is_named, read_named
from unirain_core.engine.shelf import HomeShelf, tell_damage

VARIABLE = "UNIRAIN_STORE"
"""Environment variable: a folder on a shared disk or a URL. It is no param: results do not depend on it."""
ARCHIVE = ".zip"

_REQUESTS = 16
"""Files that are fetched at once: an object store takes tens of milliseconds for each, however small it is."""


def store_url(root: Path) -> str:
    """The URL that UNIRAIN_STORE names; empty where it is unset. A relative folder is one of the project."""
    text = os.environ.get(VARIABLE, "").strip()
    if not text or is_url(text):
        return text
    return f"file://{os.path.abspath(root / os.path.expanduser(text))}"  # noqa: PTH100, PTH111 (keeps links, never raises)


def place(url: str) -> Remote:
    """The shared store at a URL."""
    return Remote(url, named_in=VARIABLE)


@dataclass(frozen=True, slots=True)
class SharedShelf:
    """A stage's finished work in a shared store, with this machine's copies."""

    copies: HomeShelf
    remote: Remote
    owner: str

    def names(self) -> list[str]:
        """As `Shelf.names`, of the store and of this machine."""
        return sorted({*self.copies.names(), *self.remote_names()})

    def remote_names(self) -> set[str]:
        """Names of the store's whole objects, by one listing; a killed process leaves a half one under a hidden name."""
        return {name for name in self.remote.files() if not name.startswith(".")}

    def fetch(self, names: Sequence[str]) -> None:
        """As `Shelf.fetch`."""
        absent = [name for name in names if not self.copies.path(name).exists()]
        with ThreadPoolExecutor(_REQUESTS) as pool:
            for _ in pool.map(self._fetch_if_there, absent):
                pass

    def _fetch_if_there(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self.read(name)

    def path(self, name: str) -> Path:
        """As `Shelf.path`."""
        copy = self.copies.path(name)
        if not copy.exists():
            self.read(name)
        return copy

    def read(self, name: str) -> bytes | None:
        """As `Shelf.read`."""
        with suppress(FileNotFoundError):
            if (copy := read_named(self.copies.path(name))) is not None:
                return copy
            self.copies.remove(name)
        content = (self.remote / name).read_bytes()
        if not is_named(name, content):
            self._discard(name)
            return None
        self.copies.put(name, content)
        return content

    def put(self, name: str, content: bytes) -> None:
        """As `Shelf.put`: into the store, since the worker may be on another machine than the stage."""
        (self.remote / name).put(content)

    def folder_keys(self) -> set[str]:
        """Keys of the finished folders in the store."""
        return {name.partition(".")[0] for name in self.remote_names() if name.endswith(ARCHIVE)}

    def unpack(self, key: str, folder: Path) -> bool:
        """Fetch a finished folder into one that does not exist yet; False where the store has no sound one."""
        for name in sorted(name for name in self.remote_names() if is_archive(name, key)):
            content = (self.remote / name).read_bytes()
            if is_named(name, content):
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    archive.extractall(folder)
                if damage(folder) is None:
                    return True
                shutil.rmtree(folder)
            self._discard(name)
        return False

    def share(self, names: Iterable[str]) -> None:
        """Put finished work of this machine into the store, where it does not stand there."""
        present = self.remote_names()
        for name in names:
            copy = self.copies.path(name)
            if copy.is_dir():
                if not any(is_archive(other, name) for other in present) and damage(copy) is None:
                    content = pack(copy)
                    self.put(content_name(name, content, ARCHIVE), content)
            elif copy.is_file() and name not in present and (sound := read_named(copy)) is not None:
                self.put(name, sound)

    def _discard(self, name: str) -> None:
        tell_damage(self.owner, self.remote / name)
        # another machine may have removed it; a user who may not delete leaves it to another one
        with suppress(FileNotFoundError, PermissionError):
            (self.remote / name).remove()


def is_archive(name: str, key: str) -> bool:
    """Whether an object is the finished folder of a key."""
    return name.startswith(f"{key}.") and name.endswith(ARCHIVE)


def pack(folder: Path) -> bytes:
    """A folder as one file, whose bytes depend on the names and contents of the folder's files alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            # without a time and without permissions
            archive.writestr(zipfile.ZipInfo(file.relative_to(folder).as_posix()), file.read_bytes())
    return buffer.getvalue()
