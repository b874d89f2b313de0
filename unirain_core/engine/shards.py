"""The shard files of a stage: a table of results with their rows' keys, under a name that carries the content's hash."""

import fnmatch
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unirain_core.artefacts import keyed, tables
from unirain_core.artefacts.sums import content_name
from unirain_core.engine.jobs import Job
from unirain_core.engine.store import WorkStore, digest
from unirain_core.errors import SchemaError, UniRainError

Out = TypeVar("Out")

CACHE_BYTES = 128 << 20
"""Results that are kept in memory for the next windows: shards hold rows in the order of hashes, windows in the stage's."""


def write(store: WorkStore, job: Job[Any, Out], keys: Sequence[bytes], results: Sequence[Out]) -> str:
    """Store results under their keys, whole or not at all; returns the name of the file."""
    content = tables.encode(results, job.output, keys=[key.hex() for key in keys])
    name = content_name(f"{job.algorithm}-{digest(tuple(keys))}", content, ".parquet")
    store.shelf.put(name, content)
    return name


def names(store: WorkStore, algorithm: str) -> list[str]:
    """Names of all shards of an algorithm, sorted."""
    return fnmatch.filter(store.shelf.names(), f"{algorithm}-*.*.parquet")


def keys_of(store: WorkStore, names: Sequence[str]) -> Iterator[bytes]:
    """The keys of each shard's rows, 16 bytes each, in their order; none of a damaged shard, which is removed."""
    shelf = store.shelf
    shelf.fetch(names)
    for name in names:
        try:
            yield bytes.fromhex("".join(keyed.keys_of(shelf.path(name))))
        except (SchemaError, ValueError, FileNotFoundError):
            with suppress(FileNotFoundError):
                shelf.read(name)  # which removes it where it is damaged
            yield b""


def lost(place: Path) -> UniRainError:
    """The error of a stage that cannot give results which it had found sound before."""
    return UniRainError(f"{place} was damaged while it was read; run the same command again")


class Shards:
    """Opened shards; each was checked against its hash when it was read."""

    def __init__(self, store: WorkStore, output: type[Any]) -> None:
        self._shelf, self._output = store.shelf, output
        self._tables: dict[str, pa.Table] = {}
        self._n_bytes = 0
        self._delivered: dict[str, int] = {}

    def fetch(self, names: Sequence[str]) -> None:
        """Bring shards to this machine that are about to be opened."""
        self._shelf.fetch([name for name in names if name not in self._delivered])

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
            raise lost(self._shelf.path(name))
        rows = table.take(pa.array(numbers))
        self._delivered[name] += len(numbers)
        if self._delivered[name] >= len(table):
            self._forget(name)
        return rows

    def _open(self, name: str) -> pa.Table | None:
        try:
            content = self._shelf.read(name)
        except FileNotFoundError:
            return None
        if content is None:
            return None
        try:
            table = tables.parse(Path(name), content, self._output)
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
