"""Content hashes of many files; a file is read once, and again as soon as anything tells that it was replaced."""

import errno
import hashlib
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from unirain_core.artefacts.remote import Place, Remote
from unirain_core.imaging.codec import LFS_POINTER, MAX_BYTES, content_hash, file_hash

logger = logging.getLogger(__name__)

POINTER_BYTES = 1024
"""A git-lfs pointer is a text file of about 130 bytes; larger files are not looked into."""

SETTLED_NS = 2_000_000_000
"""A file younger than this could change again without a new time of change: its hash is not kept."""

BATCH = 1024

CONNECTIONS = 32
"""Objects of a store that are read at a time: the time goes into waiting for the store, not into work."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds; `problem` is one of the closed list of reasons, empty when it is sound."""

    size: int
    hash: str
    problem: str = ""
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the cache: what a file looked like when it had which hash."""

    path: bytes
    facts: str
    """Size, times of change of content and of inode, inode: `cp -p`, unzip and rsync keep the first two alone.
    Of an object its size, ETag and time of change."""
    hash: str

    @property
    def sum(self) -> str:
        """SQLite does not see a flipped bit within a value; this does."""
        return hashlib.sha256(repr((self.path, self.facts, self.hash)).encode()).hexdigest()[:16]


_TABLE = (
    "CREATE TABLE IF NOT EXISTS hashes (path BLOB PRIMARY KEY, facts TEXT, hash TEXT, sum TEXT) WITHOUT ROWID"
)
_COLUMNS = ["path", "facts", "hash", "sum"]


class HashCache:
    """Hashes by path and by what the file system says of the file, in one SQLite file; whole batches survive a kill.

    The file may hold anything: it is made anew as soon as it is seen to be no sound cache, and costs only time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            problem = self._problem()
        except sqlite3.DatabaseError as error:
            problem = str(error)
        if problem:
            self._make_anew(problem)
        else:
            self._make()

    def contents(self, files: Sequence[Place]) -> Iterator[Content]:
        """Size and hash of every file, in order; files that cannot be read say so.

        Raises:
            OSError: after all others were read and kept: a store does not answer, or does not let this user in.
        """
        bar = tqdm(total=len(files), desc="content hashes", unit="file", disable=None)
        failure: OSError | None = None
        workers = CONNECTIONS if any(isinstance(file, Remote) for file in files) else None
        with ThreadPoolExecutor(workers) as pool, bar:
            for start in range(0, len(files), BATCH):
                batch = files[start : start + BATCH]
                stored = self._look_up(batch)
                missing = [file for file, content in zip(batch, stored, strict=True) if content is None]
                read = list(pool.map(_read, missing))
                self._keep([reading.row for reading in read if reading.row is not None])
                failure = failure or next((reading.failure for reading in read if reading.failure), None)
                fresh = iter(reading.content for reading in read)
                yield from (content or next(fresh) for content in stored)
                bar.update(len(batch))
        if failure is not None:
            raise failure

    def _problem(self) -> str:
        """Why what stands at the cache's path is none; nothing where nothing stands."""
        if self.path.is_dir():
            return "a folder stands in its place"
        if not self.path.exists():
            return ""
        with closing(sqlite3.connect(self.path)) as base:
            columns = [column[1] for column in base.execute("PRAGMA table_info(hashes)")]
        return "" if columns == _COLUMNS else "it has other columns"

    def _make(self) -> None:
        try:
            with closing(sqlite3.connect(self.path)) as base, base:
                base.execute(_TABLE)
        except sqlite3.OperationalError as error:  # a full disk, a folder that may not be written
            number = errno.ENOSPC if error.sqlite_errorcode == sqlite3.SQLITE_FULL else errno.EIO
            raise OSError(number, str(error), os.fspath(self.path)) from None

    def _make_anew(self, problem: str) -> None:
        logger.warning("%s cannot be used (%s): all files are read again", self.path, problem)
        for suffix in ("", "-journal", "-wal", "-shm"):  # SQLite would apply a journal to the new file
            remnant = self.path.with_name(self.path.name + suffix)
            if remnant.is_dir():
                shutil.rmtree(remnant)
            else:
                remnant.unlink(missing_ok=True)
        self._make()

    def _look_up(self, files: Sequence[Place]) -> list[Content | None]:
        try:
            with closing(sqlite3.connect(self.path)) as base:
                return [_stored(base, file) for file in files]
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                self._make_anew(str(error))
            return [None] * len(files)

    def _keep(self, rows: Sequence[_Row]) -> None:
        """Keep hashes for the next time; a cache that cannot grow costs only time."""
        values = [(row.path, row.facts, row.hash, row.sum) for row in rows]
        try:
            with closing(sqlite3.connect(self.path)) as base, base:
                base.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?)", values)
        except sqlite3.OperationalError as error:
            logger.warning("%s: hashes are not kept: %s", self.path, error)
        except sqlite3.DatabaseError as error:
            self._make_anew(str(error))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What came of reading a file."""

    content: Content
    row: _Row | None = None
    """For the cache, if the file was still while it was read and some time before."""
    failure: OSError | None = None
    """Something that is wrong with the store and not with the file."""


def _stored(base: sqlite3.Connection, file: Place) -> Content | None:
    """What the cache knows of a file that is as it was."""
    now = _listed(file) if isinstance(file, Remote) else _on_disk(file)
    if now is None:
        return None
    size, facts = now
    path = _cache_path(file)
    found = base.execute("SELECT facts, hash, sum FROM hashes WHERE path = ?", (path,)).fetchone()
    if found is None or found[0] != facts:
        return None
    is_sound = found[2] == _Row(path, found[0], found[1]).sum
    return Content(size, found[1]) if is_sound else None


def _cache_path(file: Place) -> bytes:
    return str(file).encode() if isinstance(file, Remote) else os.fsencode(file)


def _listed(file: Remote) -> tuple[int, str] | None:
    """Size and facts of an object as the listing said; None where the store names no ETag, as times alone say little."""
    state = file.state
    return (state.size, f"{state.size} {state.tag}") if state is not None and state.tag else None


def _on_disk(file: Path) -> tuple[int, str] | None:
    try:
        state = os.stat(file)  # noqa: PTH116 (a million times)
    except OSError:
        return None
    return state.st_size, _facts(state)


def _facts(state: os.stat_result) -> str:
    return f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino}"


def _read(file: Place) -> _Reading:
    return _read_object(file) if isinstance(file, Remote) else _read_file(file)


def _read_file(file: Path) -> _Reading:
    try:
        before = file.stat()
        if before.st_size < POINTER_BYTES and file.read_bytes().startswith(LFS_POINTER):
            return _Reading(Content(before.st_size, "", "git_lfs_pointer", file.name))
        content = Content(before.st_size, file_hash(file))
        after = file.stat()
    except OSError as error:
        return _Reading(Content(0, "", "unreadable", f"{file.name}: {error.strerror}"))
    changed = max(after.st_mtime_ns, after.st_ctime_ns)
    is_still = _facts(before) == _facts(after) and time.time_ns() - changed > SETTLED_NS
    return _Reading(content, _Row(os.fsencode(file), _facts(after), content.hash) if is_still else None)


def _read_object(file: Remote) -> _Reading:
    """An object is read at once, and kept where its tag is the listed one after it was read."""
    try:
        content = file.read_bytes(MAX_BYTES)
        if len(content) > MAX_BYTES:
            detail = f"{file.name}: more than {MAX_BYTES:,} bytes"
            return _Reading(Content(0, "", "too_large", detail))
        if len(content) < POINTER_BYTES and content.startswith(LFS_POINTER):
            return _Reading(Content(len(content), "", "git_lfs_pointer", file.name))
        is_still = file.state is not None and file.ask_state() == file.state
    except FileNotFoundError as error:
        return _Reading(Content(0, "", "unreadable", f"{file.name}: {error.strerror}"))
    except OSError as error:
        return _Reading(Content(0, "", "unreadable", f"{file.name}: {error.strerror}"), failure=error)
    facts = _listed(file) if is_still else None
    result = Content(len(content), content_hash(content))
    return _Reading(result, _Row(_cache_path(file), facts[1], result.hash) if facts else None)
