"""Per-row work: rows whose result is in the work store are looked up, the rest are computed in shards."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import VERSION
from unirain_core.engine.local import Engine, LocalEngine
from unirain_core.engine.store import WorkStore, digest, publish
from unirain_core.errors import SchemaError

logger = logging.getLogger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")

SHARD_ROWS = 32
"""Rows of one shard, about: what a kill can cost at most, for each worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Generic[In, Out]):
    """What a stage computes of each of its rows."""

    algorithm: str
    """Version constant of the computation; raised when its results change."""
    output: type[Out]
    """Class of `artefacts.schemas` of the results."""
    key: Callable[[In], str]
    """Everything that determines a row's results, apart from the algorithm and the row's id."""
    place: Callable[[In], tuple[str, str]]
    """(dataset, id) of a row: a shard never mixes datasets, and the id's hash decides a row's shard."""
    work: Callable[[Sequence[In]], Sequence[Sequence[Out]]]
    """Picklable; for each row its results, at least one."""
    shard_rows: int = SHARD_ROWS


def finished_rows(
    job: Job[In, Out], rows: Sequence[In], store: WorkStore, engine: Engine | None = None
) -> list[list[Out]]:
    """The results of every row, in the order of the rows; nothing that is finished is computed again."""
    keys = [digest(VERSION, job.output.__name__, job.place(row)[1], job.key(row)) for row in rows]
    found, used = _look_up(job, keys, store)
    missing = {key: row for key, row in zip(keys, rows, strict=True) if key not in found}
    shards = _shards(job, missing)
    done, last = 0, time.monotonic()
    compute = _Compute(job.work, job.output, job.algorithm, store)
    for size in (engine or LocalEngine()).run(compute, shards):
        done += size
        if time.monotonic() - last > 5:
            logger.info("%s: %d of %d rows computed", store.owner, done, len(missing))
            last = time.monotonic()
    if missing:
        found, used = _look_up(job, keys, store)
    store.record_use(used)
    return [found[key] for key in keys]


Shard = tuple[tuple[str, ...], tuple[Any, ...]]
"""Keys and rows."""


@dataclass(frozen=True, slots=True)
class _Compute(Generic[In, Out]):
    """Compute one shard and put it into the store; travels to the workers, so it holds no more than it needs."""

    work: Callable[[Sequence[In]], Sequence[Sequence[Out]]]
    output: type[Out]
    algorithm: str
    store: WorkStore

    def __call__(self, shard: Shard) -> int:
        keys, rows = shard
        results = self.work(rows)
        if len(results) != len(rows) or not all(results):
            raise ValueError(
                f"{self.store.owner}: {len(rows)} rows gave {len(results)} results, or none for a row"
            )
        name = f"{self.algorithm}-{digest(keys)}.parquet"
        partial = self.store.partial / name
        flat = [(key, out) for key, outs in zip(keys, results, strict=True) for out in outs]
        tables.write(partial, [out for _, out in flat], self.output, keys=[key for key, _ in flat])
        publish(partial, self.store.shards / name)
        return len(rows)


def _look_up(
    job: Job[In, Out], keys: Sequence[str], store: WorkStore
) -> tuple[dict[str, list[Out]], set[str]]:
    """Finished results by key, and the names of the shards that hold them."""
    wanted, found, used = set(keys), dict[str, list[Out]](), set[str]()
    for path in sorted(store.shards.glob(f"{job.algorithm}-*.parquet")):
        of_shard: dict[str, list[Out]] = {}
        try:
            rows = tables.read_keyed(path, job.output, wanted)
        except SchemaError:
            logger.warning(
                "%s: a shard of finished work cannot be used and is done again: %s", store.owner, path
            )
            path.unlink()
            continue
        for key, out in rows:
            of_shard.setdefault(key, []).append(out)
        if of_shard.keys() - found.keys():
            used.add(path.name)
        found = of_shard | found
    return found, used


def _shards(job: Job[In, Out], missing: dict[str, In]) -> list[Shard]:
    """Rows of one dataset whose ids' hashes agree, about `shard_rows` of them together."""
    datasets: dict[str, list[tuple[str, str, In]]] = {}
    for key, row in missing.items():
        dataset, identity = job.place(row)
        datasets.setdefault(dataset, []).append((digest(identity), key, row))
    shards: list[Shard] = []
    for dataset in sorted(datasets):
        rows = sorted(datasets[dataset], key=lambda r: r[:2])
        buckets = 1 << max(0, (len(rows) // job.shard_rows).bit_length())
        for bucket in range(buckets):
            part = [r for r in rows if int(r[0][:8], 16) % buckets == bucket]
            if part:
                shards.append((tuple(r[1] for r in part), tuple(r[2] for r in part)))
    return shards
