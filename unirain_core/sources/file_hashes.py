"""Content hashes of many files; a file is read once, and again as soon as anything tells that it was replaced."""

import errno
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from unirain_core.artefacts.remote import Place, Remote
from unirain_core.sources.file_contents import Content, KnownHash, path_of, read, size_and_facts

logger = logging.getLogger(__name__)

BATCH = 1024
"""Files whose hashes are looked up and kept together: a kill costs the hashes of so many files at most."""

CONNECTIONS = 32
"""Objects of a store that are read at a time: the time goes into waiting for the store, not into work."""

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
            problem = "" if _is_in_use(error) else str(error)
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
                readings = list(pool.map(read, missing))
                self._keep([reading.known for reading in readings if reading.known is not None])
                failures = [reading.failure for reading in readings if reading.failure is not None]
                failure = failure or (failures[0] if failures else None)
                fresh = iter(readings)
                for content in stored:
                    yield next(fresh).content if content is None else content
                bar.update(len(batch))
        if failure is not None:
            raise failure

    def _problem(self) -> str:
        """Why the file at the cache's path cannot be one; nothing where it can, or where there is no file."""
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
        except sqlite3.OperationalError as error:
            if _is_in_use(error):
                return  # by another program, which has made it or is about to
            # a full disk, or a folder that may not be written
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
            if not _is_in_use(error):
                self._make_anew(str(error))
            return [None] * len(files)

    def _keep(self, hashes: Sequence[KnownHash]) -> None:
        """Keep hashes for the next time; a cache that cannot grow costs only time."""
        values = [(known.path, known.facts, known.hash, known.sum) for known in hashes]
        try:
            with closing(sqlite3.connect(self.path)) as base, base:
                base.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?)", values)
        except sqlite3.OperationalError as error:
            logger.warning("%s: hashes are not kept: %s", self.path, error)
        except sqlite3.DatabaseError as error:
            self._make_anew(str(error))


def _is_in_use(error: sqlite3.DatabaseError) -> bool:
    """Whether another program holds the cache: it is sound, and must not be thrown away."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the other bits only tell more of the same error
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _stored(base: sqlite3.Connection, file: Place) -> Content | None:
    """What the cache knows of a file that is as it was."""
    now = size_and_facts(file)
    if now is None:
        return None
    size, facts = now
    path = path_of(file)
    line = base.execute("SELECT facts, hash, sum FROM hashes WHERE path = ?", (path,)).fetchone()
    if line is None:
        return None
    kept_facts, kept_hash, kept_sum = line
    is_as_it_was = kept_facts == facts and kept_sum == KnownHash(path, kept_facts, kept_hash).sum
    return Content(size, kept_hash) if is_as_it_was else None
