"""The shard files of a stage: a table of results with their rows' keys, under a name that carries the content's hash."""

import logging
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unirain_core.artefacts import keyed, tables
from unirain_core.artefacts.sums import content_name, read_named
from unirain_core.engine.jobs import Job
from unirain_core.engine.store import WorkStore, digest, publish
from unirain_core.errors import SchemaError, UniRainError

logger = logging.getLogger(__name__)

Out = TypeVar("Out")

CACHE_BYTES = 128 << 20
"""Results that are kept in memory for the next windows: shards hold rows in the order of hashes, windows in the stage's."""


def write(store: WorkStore, job: Job[Any, Out], keys: Sequence[bytes], results: Sequence[Out]) -> str:
    """Store results under their keys, whole or not at all; returns the name of the file."""
    stem = digest(tuple(keys))
    partial = store.partial / f"{stem}.parquet"
    tables.write(partial, results, job.output, keys=[key.hex() for key in keys])
    name = content_name(f"{job.algorithm}-{stem}", partial.read_bytes(), ".parquet")
    publish(partial, store.shards / name)
    return name


def names(store: WorkStore, algorithm: str) -> list[str]:
    """Names of all shards of an algorithm, sorted."""
    return sorted(path.name for path in store.shards.glob(f"{algorithm}-*.*.parquet"))


def keys_of(store: WorkStore, name: str) -> bytes:
    """The keys of a shard's rows, 16 bytes each, in their order; none of a damaged shard, which is removed."""
    path = store.shards / name
    try:
        return bytes.fromhex("".join(keyed.keys_of(path)))
    except (SchemaError, ValueError):
        if read_named(path) is None:
            _remove(store, name)
        return b""


def _remove(store: WorkStore, name: str) -> None:
    path = store.shards / name
    logger.warning("%s: a shard of finished work is damaged and is done again: %s", store.owner, path)
    path.unlink(missing_ok=True)


class Shards:
    """Opened shards; each was checked against its hash when it was read."""

    def __init__(self, store: WorkStore, output: type[Any]) -> None:
        self._store, self._output = store, output
        self._tables: dict[str, pa.Table] = {}
        self._n_bytes = 0
        self._delivered: dict[str, int] = {}

    def is_sound(self, name: str) -> bool:
        """Whether a shard can be used; a damaged one is removed."""
        return name in self._delivered or self._open(name) is not None

    def rows(self, name: str, numbers: NDArray[np.int64]) -> pa.Table:
        """Some rows of a sound shard.

        Raises:
            UniRainError: the shard was damaged since `is_sound` looked at it.
        """
        table = self._tables.pop(name, None)
        if table is not None:
            self._tables[name] = table  # the last that was used goes last
        else:
            table = self._open(name)
        if table is None:
            raise UniRainError(
                f"{self._store.shards / name} was damaged while it was read; run the same command again"
            )
        rows = table.take(pa.array(numbers))
        self._delivered[name] += len(numbers)
        if self._delivered[name] >= len(table):
            self._forget(name)
        return rows

    def _open(self, name: str) -> pa.Table | None:
        path = self._store.shards / name
        try:
            content = read_named(path)
        except FileNotFoundError:
            return None
        if content is None:
            _remove(self._store, name)
            return None
        try:
            table = tables.parse(path, content, self._output)
        except SchemaError:  # of another commit, which wants it
            return None
        self._delivered.setdefault(name, 0)
        while self._tables and self._n_bytes + table.nbytes > CACHE_BYTES:
            self._forget(next(iter(self._tables)))
        self._tables[name] = table
        self._n_bytes += table.nbytes
        return table

    def _forget(self, name: str) -> None:
        self._n_bytes -= self._tables.pop(name).nbytes
