"""Qdrant's embedded engine: a folder on this machine, one process at a time."""

import fcntl
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, TextIO

import numpy as np
from numpy.typing import NDArray
from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeVectorParams,
    Filter,
    HasIdCondition,
    Point,
    Query,
    QueryBatchRequest,
    QueryRequest,
    SearchParams,
    UpdateOperation,
)

from unirain_core.distill.stores.store import VECTORS, Content, Held, Proposal, VectorName, proposal
from unirain_core.errors import BusyError

_COMPLETE = "complete"
"""Name of the file that the last act of filling a shard writes."""

_DISTANCE = {"text": Distance.Euclid, "text_unit": Distance.Euclid, "image": Distance.Cosine}
_BATCH = 1000
_PATIENCE_S = 120.0


class EdgeStore:
    """One collection as a shard of its own folder; a context that holds the folder's lock.

    The engine allows one opener. A second process waits here, for at most `patience_s`.
    """

    def __init__(self, folder: Path, *, patience_s: float = _PATIENCE_S) -> None:
        self._folder, self._patience_s = folder, patience_s
        self._shard: EdgeShard | None = None
        self._lock: TextIO | None = None

    def __enter__(self) -> Self:
        self._lock = _locked(self._folder.with_name(self._folder.name + ".lock"), self._patience_s)
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        if self._lock is not None:
            self._lock.close()

    def held(self) -> Held | None:
        """As `Store.held`; a shard that a kill left half filled does not count."""
        if not (self._folder / _COMPLETE).exists():
            return None
        shard = self._open()
        count = shard.count(CountRequest(exact=True))
        last = shard.retrieve([count - 1], True, False) if count else []
        return Held(count, str((last[0].payload or {}).get("encoder")) if last else "")

    def fill(self, content: Content) -> None:
        """As `Store.fill`."""
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        sizes = {name: content.vectors[name].shape[1] for name in VECTORS}
        config = EdgeConfig({n: EdgeVectorParams(size=sizes[n], distance=_DISTANCE[n]) for n in VECTORS})
        self._shard = EdgeShard.create(str(self._folder), config)
        for start in range(0, len(content.ids), _BATCH):
            batch = range(start, min(start + _BATCH, len(content.ids)))
            self._shard.update(UpdateOperation.upsert_points([_point(content, i) for i in batch]))
        self._shard.flush()
        (self._folder / _COMPLETE).touch()

    def propose(
        self,
        queries: NDArray[np.floating[Any]],
        vector: VectorName,
        limit: int,
        among: Sequence[NDArray[np.int64]] | None = None,
    ) -> list[Proposal]:
        """As `Store.propose`."""
        allowed = [None] * len(queries) if among is None else list(among)
        requests = [
            QueryRequest(
                limit=limit,
                query=Query.Nearest(query.astype(np.float32).tolist(), using=vector),
                filter=None if a is None else Filter(must=[HasIdCondition(set(a.tolist()))]),
                params=SearchParams(exact=True),
            )
            for query, a in zip(queries, allowed, strict=True)
        ]
        answers = self._open().query_batch(QueryBatchRequest(requests))
        return [proposal([(int(str(hit.id)), hit.score) for hit in hits], vector, limit) for hits in answers]

    def _open(self) -> EdgeShard:
        if self._lock is None:
            raise ValueError("an EdgeStore is used inside its `with`")
        if self._shard is None:
            self._shard = EdgeShard.load(str(self._folder))
        return self._shard

    def _close(self) -> None:
        if self._shard is not None:
            self._shard.close()
            self._shard = None


def _point(content: Content, position: int) -> Point:
    vectors: dict[str, Any] = {name: content.vectors[name][position].tolist() for name in VECTORS}
    return Point(position, vectors, {"id": content.ids[position], "encoder": content.encoder})


def _locked(path: Path, patience_s: float) -> TextIO:
    """The lock file, held; waits with growing pauses while another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
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
