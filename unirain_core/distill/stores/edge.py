"""Qdrant's embedded engine: a folder on this machine, one process at a time."""

import fcntl
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TextIO

import numpy as np
from numpy.typing import NDArray
from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeVectorParams,
    Point,
    Query,
    QueryBatchRequest,
    QueryRequest,
    SearchParams,
    UpdateOperation,
)

from unirain_core.artefacts.sums import damage, write_sums
from unirain_core.artefacts.whole import whole_file
from unirain_core.distill.stores.store import (
    VECTORS,
    CollectionError,
    Content,
    Proposal,
    VectorName,
    proposal,
)
from unirain_core.errors import BusyError, UniRainError

logger = logging.getLogger(__name__)

_CONTENT = "content"
"""Name of the file that says which content the shard was filled with."""

_SMALL = 2**16
"""Bytes. The engine rewrites some files of a few hundred bytes whenever it opens a shard; vectors take more than this."""

_BATCH = 1000
"""Points that the engine is handed at once."""
_PATIENCE_S = 120.0
"""How long another process is waited for."""


class EdgeStore:
    """One collection as a shard of its own folder; a context that holds the folder's lock.

    The engine allows one opener. A second process waits here, for at most `patience_s`.
    """

    def __init__(self, folder: Path, *, patience_s: float = _PATIENCE_S) -> None:
        self._folder, self._patience_s = folder, patience_s
        self._shard: EdgeShard | None = None
        self._small_files: dict[Path, bytes] = {}
        self._lock: TextIO | None = None

    def __enter__(self) -> Self:
        self._lock = _locked(self._folder.with_name(self._folder.name + ".lock"), self._patience_s)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._close()
        finally:
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def holds(self, content: Content) -> bool:
        """As `Store.holds`: every file of the shard is the one that filling it wrote.

        A damaged shard is never opened. It could end the process, or propose wrong photos without a word.
        """
        self._close()
        if not (self._folder / _CONTENT).is_file():
            return False
        problem = damage(self._folder)
        if problem is not None:
            logger.warning("collection %s is damaged: %s", self._folder.name, problem)
            return False
        return (self._folder / _CONTENT).read_text(encoding="utf-8") == content.name

    def fill(self, content: Content) -> None:
        """As `Store.fill`."""
        self._demand_lock()
        self._close()
        if self._folder.is_file():
            self._folder.unlink()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        sizes = {name: content.vectors[name].shape[1] for name in VECTORS}
        with _engine():
            config = EdgeConfig(
                {n: EdgeVectorParams(size=sizes[n], distance=Distance.Euclid) for n in VECTORS}
            )
            self._shard = EdgeShard.create(str(self._folder), config)
            for start in range(0, len(content.ids), _BATCH):
                batch = range(start, min(start + _BATCH, len(content.ids)))
                self._shard.update(UpdateOperation.upsert_points([_point(content, i) for i in batch]))
            self._shard.flush()
        self._close()
        (self._folder / _CONTENT).write_text(content.name, encoding="utf-8")
        write_sums(self._folder)

    def propose(self, queries: NDArray[np.floating[Any]], vector: VectorName, limit: int) -> list[Proposal]:
        """As `Store.propose`."""
        with _engine():
            requests = [
                QueryRequest(
                    limit=limit,
                    query=Query.Nearest(query.astype(np.float32).tolist(), using=vector),
                    params=SearchParams(exact=True),
                )
                for query in queries
            ]
            answers = self._open().query_batch(QueryBatchRequest(requests))
            return [proposal([(int(str(h.id)), h.score) for h in hits], limit) for hits in answers]

    def _demand_lock(self) -> None:
        if self._lock is None:
            raise ValueError("an EdgeStore is used inside its `with`")

    def _open(self) -> EdgeShard:
        self._demand_lock()
        if self._shard is None:
            files = [file for file in self._folder.rglob("*") if file.is_file()]
            self._small_files = {f: f.read_bytes() for f in files if f.stat().st_size <= _SMALL}
            self._shard = EdgeShard.load(str(self._folder))
        return self._shard

    def _close(self) -> None:
        """Close the shard and take back what opening it changed, so that its hashes stay true."""
        if self._shard is None:
            return
        with _engine():
            self._shard.close()
        self._shard = None
        for file, content in self._small_files.items():
            if not file.is_file() or file.read_bytes() != content:
                with whole_file(file) as restored:
                    restored.write(content)
        self._small_files = {}


@contextmanager
def _engine() -> Iterator[None]:
    """Turn whatever the engine raises into an error of ours.

    Raises:
        CollectionError: the engine failed.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, UniRainError, ValueError):
        raise
    except BaseException as error:
        # A panic of the engine, which is written in Rust, arrives as a BaseException that is no Exception.
        raise CollectionError(f"Qdrant's embedded engine failed: {type(error).__name__}: {error}") from error


def _point(content: Content, position: int) -> Point:
    vectors: dict[str, Any] = {name: content.vectors[name][position].tolist() for name in VECTORS}
    return Point(position, vectors, {"id": content.ids[position], "encoder": content.encoder})


def _locked(path: Path, patience_s: float) -> TextIO:
    """The lock file, held; waits with growing pauses while another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        path.rmdir()  # an empty folder in the lock's place
    file = path.open("w", encoding="utf-8")
    pause, end = 0.05, time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                file.close()
                raise BusyError(
                    f"{path}: another process has used this collection for {patience_s:.0f} s; let it end first"
                ) from None
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
        else:
            return file
