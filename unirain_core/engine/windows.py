"""How rows are cut: into windows, whose results fit into memory, and into shards, which cost what a kill may cost."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from unirain_core.engine.compute import Outcome, Shard
from unirain_core.engine.jobs import Job
from unirain_core.engine.store import digest

In = TypeVar("In")

WINDOW_ROWS = 8192
"""Rows of a window at most: 10 MB of row objects, of which two windows are in work."""
FIRST_WINDOW = 256
"""Rows of the first window: how large a result is shows when there is one."""
WINDOW_BYTES = 64 << 20
"""Results of a window, about."""

BUCKET = 4
"""Hex digits of an id's hash that name its bucket, which never changes. There are eight times as many buckets as a window has
rows, so that a shard can end after nearly every row."""
SECONDS = 5.0
"""What a shard costs at most, about. A kill loses no more than that of each worker."""
FIRST_ROWS = 8
"""Rows of the first shards: what a row costs shows when there is one."""
SHARD_ROWS = 8192
"""Rows of a shard at most."""
GROWTH = 4
"""How much larger than the ones before a shard may be: a cheap row does not speak for all."""
WORTH_S = 0.5
"""What a shard shall cost at least, about: to divide less among workers would only make files."""


@dataclass(slots=True)
class WindowSize:
    """Rows of the next window; results of any size then fit into memory."""

    rows: int
    largest: float = 1.0
    """Bytes of a row's result."""

    def measure(self, n_rows: int, n_bytes: int) -> None:
        """Learn from a window's results."""
        if n_rows:
            self.largest = max(self.largest, n_bytes / n_rows)

    def grow(self) -> None:
        """Let the next window be twice as large, as far as its results fit."""
        self.rows = max(1, min(2 * self.rows, WINDOW_ROWS, int(WINDOW_BYTES / self.largest)))


def windows(batches: Iterable[Sequence[In]], size: WindowSize) -> Iterator[list[In]]:
    """The rows of all batches, cut anew."""
    window: list[In] = []
    for batch in batches:
        begin = 0
        while begin < len(batch):
            end = begin + size.rows - len(window)
            window.extend(batch[begin:end])
            begin = end
            if len(window) >= size.rows:
                yield window
                window = []
                size.grow()
    if window:
        yield window


@dataclass(slots=True)
class ShardSize:
    """Rows of the next shard, by what the latest one cost."""

    largest: int
    """Rows that the shards before allow."""
    cost: float = 1e-9
    """Seconds of a row."""

    def measure(self, outcome: Outcome) -> None:
        """Learn from a shard; a worker that died has not told what its shard took."""
        if not outcome.seconds:
            return
        n_rows = len(outcome.shard)
        self.cost = max(outcome.seconds / n_rows, 1e-9)
        self.largest = min(max(self.largest, GROWTH * n_rows), SHARD_ROWS)

    def rows(self, n_left: int, n_workers: int) -> int:
        """Rows of the next shard.

        Args:
            n_left: rows that wait; they are divided among the workers, unless that were not worth it.
            n_workers: workers that wait for rows.
        """
        share = max(n_left / n_workers, WORTH_S / self.cost)
        return max(1, int(min(self.largest, SECONDS / self.cost, share)))


def shards(
    job: Job[In, object], missing: Mapping[bytes, In], size: ShardSize, n_workers: int
) -> Iterator[Shard[In]]:
    """Rows of one dataset in the order of their ids' hashes; no shard ends within a bucket."""
    datasets: dict[str, list[tuple[str, bytes, In]]] = defaultdict(list)
    for key, row in missing.items():
        dataset, identity = job.place(row)
        datasets[dataset].append((digest(identity), key, row))
    n_left = len(missing)
    for dataset in sorted(datasets):
        keys, rows, bucket = list[bytes](), list[In](), ""
        for identity, key, row in sorted(datasets[dataset], key=_hash_and_key):
            if identity[:BUCKET] != bucket and len(keys) >= size.rows(n_left, n_workers):
                yield Shard(tuple(keys), tuple(rows))
                n_left -= len(keys)
                keys, rows = [], []
            bucket = identity[:BUCKET]
            keys.append(key)
            rows.append(row)
        yield Shard(tuple(keys), tuple(rows))
        n_left -= len(keys)


def _hash_and_key(row: tuple[str, bytes, object]) -> tuple[str, bytes]:
    return row[:2]
