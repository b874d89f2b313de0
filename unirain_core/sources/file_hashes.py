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

from unirain_core.imaging.codec import LFS_POINTER, file_hash

logger = logging.getLogger(__name__)

POINTER_BYTES = 1024
"""A git-lfs pointer is a text file of about 130 bytes; larger files are not looked into."""

SETTLED_NS = 2_000_000_000
"""A file younger than this could change again without a new time of change: its hash is not kept."""

BATCH = 1024


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
    """Size, times of change of content and of inode, inode: `cp -p`, unzip and rsync keep the first two alone."""
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

    def contents(self, files: Sequence[Path]) -> Iterator[Content]:
        """Size and hash of every file, in order; files that cannot be read say so."""
        bar = tqdm(total=len(files), desc="content hashes", unit="file", disable=None)
        with ThreadPoolExecutor() as pool, bar:
            for start in range(0, len(files), BATCH):
                batch = files[start : start + BATCH]
                stored = self._look_up(batch)
                missing = [file for file, content in zip(batch, stored, strict=True) if content is None]
                read = list(pool.map(_read, missing))
                self._keep([row for _, row in read if row is not None])
                fresh = iter(content for content, _ in read)
                yield from (content or next(fresh) for content in stored)
                bar.update(len(batch))

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

    def _look_up(self, files: Sequence[Path]) -> list[Content | None]:
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


def _stored(base: sqlite3.Connection, file: Path) -> Content | None:
    """What the cache knows of a file that is as it was."""
    try:
        state = os.stat(file)  # noqa: PTH116 (a million times)
    except OSError:
        return None
    path = os.fsencode(file)
    found = base.execute("SELECT facts, hash, sum FROM hashes WHERE path = ?", (path,)).fetchone()
    if found is None or found[0] != _facts(state):
        return None
    is_sound = found[2] == _Row(path, found[0], found[1]).sum
    return Content(state.st_size, found[1]) if is_sound else None


def _facts(state: os.stat_result) -> str:
    return f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino}"


def _read(file: Path) -> tuple[Content, _Row | None]:
    """A file's content, and a row for the cache if the file was still while it was read and some time before."""
    try:
        before = file.stat()
        if before.st_size < POINTER_BYTES and file.read_bytes().startswith(LFS_POINTER):
            return Content(before.st_size, "", "git_lfs_pointer", file.name), None
        content = Content(before.st_size, file_hash(file))
        after = file.stat()
    except OSError as error:
        return Content(0, "", "unreadable", f"{file.name}: {error.strerror}"), None
    changed = max(after.st_mtime_ns, after.st_ctime_ns)
    is_still = _facts(before) == _facts(after) and time.time_ns() - changed > SETTLED_NS
    return content, _Row(os.fsencode(file), _facts(after), content.hash) if is_still else None
