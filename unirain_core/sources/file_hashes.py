"""Content hashes of many files; a file is read once and not again while its size and time of change stay."""

import errno
import logging
import os
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


class HashCache:
    """Hashes by path, size and time of change, in one SQLite file; whole batches survive a kill."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
        except sqlite3.OperationalError as error:  # a full disk, a folder that may not be written
            number = errno.ENOSPC if error.sqlite_errorcode == sqlite3.SQLITE_FULL else errno.EIO
            raise OSError(number, str(error), os.fspath(path)) from None
        except sqlite3.DatabaseError as error:
            logger.warning("%s is damaged (%s): all files are read again", path, error)
            path.unlink()
            self._prepare()

    def _prepare(self) -> None:
        with closing(sqlite3.connect(self.path)) as base, base:
            base.execute(
                "CREATE TABLE IF NOT EXISTS hashes "
                "(path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, hash TEXT) WITHOUT ROWID"
            )

    def _keep(self, base: sqlite3.Connection, rows: Iterator[tuple[str, int, int, str]]) -> None:
        """Keep hashes for the next time; a cache that cannot grow costs only time."""
        try:
            with base:
                base.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?)", rows)
        except sqlite3.OperationalError as error:
            logger.warning("%s: hashes are not kept: %s", self.path, error)

    def contents(self, files: Sequence[Path]) -> Iterator[Content]:
        """Size and hash of every file, in order; files that cannot be read say so."""
        bar = tqdm(total=len(files), desc="content hashes", unit="file", disable=None)
        with closing(sqlite3.connect(self.path)) as base, ThreadPoolExecutor() as pool, bar:
            for start in range(0, len(files), BATCH):
                batch = files[start : start + BATCH]
                known = [_known(base, file) for file in batch]
                missing = [file for file, content in zip(batch, known, strict=True) if content is None]
                read = list(pool.map(_read, missing))
                self._keep(base, _lasting(missing, read))
                fresh = iter(read)
                yield from (content or next(fresh) for content in known)
                bar.update(len(batch))


def _known(base: sqlite3.Connection, file: Path) -> Content | None:
    try:
        facts = os.stat(file)  # noqa: PTH116 (a million times)
    except OSError:
        return None
    row = base.execute(
        "SELECT size, mtime_ns, hash FROM hashes WHERE path = ?", (os.fspath(file),)
    ).fetchone()
    if row is None or (row[0], row[1]) != (facts.st_size, facts.st_mtime_ns):
        return None
    return Content(row[0], row[2])


def _read(file: Path) -> Content:
    try:
        size = file.stat().st_size
        if size < POINTER_BYTES and file.read_bytes().startswith(LFS_POINTER):
            return Content(size, "", "git_lfs_pointer", file.name)
        return Content(size, file_hash(file))
    except OSError as error:
        return Content(0, "", "unreadable", f"{file.name}: {error.strerror}")


def _lasting(files: Sequence[Path], contents: Sequence[Content]) -> Iterator[tuple[str, int, int, str]]:
    """Rows of files that are sound, did not change while they were read, and have not changed of late."""
    now = time.time_ns()
    for file, content in zip(files, contents, strict=True):
        if content.problem:
            continue
        try:
            facts = file.stat()
        except OSError:  # gone since it was read: whoever opens it will say so
            continue
        if facts.st_size == content.size and now - facts.st_mtime_ns > SETTLED_NS:
            yield os.fspath(file), content.size, facts.st_mtime_ns, content.hash
