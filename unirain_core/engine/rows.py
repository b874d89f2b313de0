"""Per-row work: rows whose result is in the work store are looked up, the rest are computed in shards."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from unirain_core.artefacts import tables
from unirain_core.artefacts.sums import content_name, read_named
from unirain_core.engine.edits import demand_code_of_the_stage
from unirain_core.engine.local import Engine, LocalEngine
from unirain_core.engine.store import WorkStore, digest, publish
from unirain_core.errors import ChangedInputError, ItemError, SchemaError, UniRainError, WorkerDiedError

logger = logging.getLogger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")

SHARD_ROWS = 32
"""Rows of one shard, about: what a kill can cost at most, for each worker."""

SUSPECTS = 5
"""Shards that are tried one by one after a worker died: two workers run one each, and their queue holds three more."""


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


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a row has no result; it is tried again in the next run."""

    reason: str
    """One of `artefacts.reasons`."""
    detail: str
    """What explains the reason."""


def finished_rows(
    job: Job[In, Out], rows: Sequence[In], store: WorkStore, engine: Engine | None = None
) -> list[list[Out] | Failed]:
    """The results of every row, in the order of the rows; nothing that is finished is computed again.

    A row that cannot be computed never stops the others.

    Raises:
        ChangedInputError: a file that a row reads is not what was listed; all other rows are finished and stored.
        OSError: a disk does not answer; likewise.
    """
    structure = tables.structure(job.output)
    keys = [digest(structure, job.output.__name__, job.place(row)[1], job.key(row)) for row in rows]
    results, used = _look_up(job, keys, store)
    missing = {key: row for key, row in zip(keys, rows, strict=True) if key not in results}
    failures: dict[str, Failed] = {}
    if missing:
        compute = _Compute(job.work, job.output, job.algorithm, store)
        failures = _compute_all(compute, _shards(job, missing), engine or LocalEngine())
        # of all rows: those that crash are tried in every run, and are most of what a later run has to compute
        _demand_few_crashes(failures, len(set(keys)), store.owner)
        _tell(failures, store.owner)
        results, used = _look_up(job, keys, store)
    store.record_use(used)
    return [results[key] if key in results else failures[key] for key in keys]


Shard = tuple[tuple[str, ...], tuple[Any, ...]]
"""Keys and rows."""


@dataclass(slots=True)
class _Outcome(Generic[Out]):
    """What came of the rows of a shard, by key."""

    results: dict[str, Sequence[Out]] = field(default_factory=dict)
    failures: dict[str, Failed] = field(default_factory=dict)
    error: UniRainError | OSError | None = None
    """Something that is wrong with the world and not with a row; the shard's other rows are stored all the same."""
    rows: int = 0


@dataclass(frozen=True, slots=True)
class _Compute(Generic[In, Out]):
    """Compute one shard and put it into the store; travels to the workers, so it holds no more than it needs."""

    work: Callable[[Sequence[In]], Sequence[Sequence[Out]]]
    output: type[Out]
    algorithm: str
    store: WorkStore

    def __call__(self, shard: Shard) -> _Outcome[Out]:
        demand_code_of_the_stage()
        outcome = self._computed(*shard)
        if outcome.results:
            self._store(outcome.results)
        outcome.rows, outcome.results = len(shard[0]), {}  # they stand in the store
        return outcome

    def _computed(self, keys: Sequence[str], rows: Sequence[In]) -> _Outcome[Out]:
        """All rows together; where one of them fails, each by itself."""
        try:
            results = self.work(rows)
        except Exception as error:  # whatever a library raises of one picture must not end the batch
            if isinstance(error, UniRainError) and not isinstance(error, ItemError | ChangedInputError):
                raise  # weights or a server are absent: no row can be computed
            return self._one_by_one(keys, rows) if len(rows) > 1 else _failed_row(keys[0], error)
        if len(results) != len(rows) or not all(results):
            raise ValueError(
                f"{self.store.owner}: {len(rows)} rows gave {len(results)} results, or none for a row"
            )
        return _Outcome(results=dict(zip(keys, results, strict=True)))

    def _one_by_one(self, keys: Sequence[str], rows: Sequence[In]) -> _Outcome[Out]:
        whole = _Outcome[Out]()
        for key, row in zip(keys, rows, strict=True):
            single = self._computed([key], [row])
            whole.results |= single.results
            whole.failures |= single.failures
            whole.error = whole.error or single.error
        return whole

    def _store(self, results: dict[str, Sequence[Out]]) -> None:
        flat = [(key, out) for key, outs in results.items() for out in outs]
        partial = self.store.partial / f"{digest(tuple(results))}.parquet"
        tables.write(partial, [out for _, out in flat], self.output, keys=[key for key, _ in flat])
        name = content_name(f"{self.algorithm}-{digest(tuple(results))}", partial.read_bytes(), ".parquet")
        publish(partial, self.store.shards / name)


def _failed_row(key: str, error: Exception) -> _Outcome[Any]:
    match error:
        case ItemError():
            return _Outcome(failures={key: Failed(error.reason, error.detail)})
        case ChangedInputError() | OSError():
            return _Outcome(error=error)
        case _ if (
            isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
        ):  # torch's is another
            return _Outcome(failures={key: Failed("out_of_memory", "the row does not fit into memory")})
        case _:
            logger.warning("a row cannot be computed", exc_info=error)
            return _Outcome(failures={key: Failed("crashed", f"{type(error).__name__}: {error}"[:300])})


def _compute_all(compute: _Compute[In, Out], shards: Sequence[Shard], engine: Engine) -> dict[str, Failed]:
    """Compute and store all shards; returns the rows that cannot be computed.

    Raises:
        ChangedInputError: see `finished_rows`.
        OSError: likewise.
    """
    total = sum(len(keys) for keys, _ in shards)
    done, last = 0, time.monotonic()
    failures: dict[str, Failed] = {}
    error: UniRainError | OSError | None = None
    waiting = {shard[0]: shard for shard in shards}
    while waiting:
        try:
            for keys, outcome in engine.run(_Named(compute), list(waiting.values())):
                del waiting[keys]
                failures |= outcome.failures
                error = error or outcome.error
                done += outcome.rows
                if time.monotonic() - last > 5:  # seconds between two lines of the log
                    logger.info("%s: %d of %d rows computed", compute.store.owner, done, total)
                    last = time.monotonic()
        except WorkerDiedError:
            suspects = list(waiting.values())[:SUSPECTS]
            logger.warning(
                "%s: a worker died: %d shards are tried by themselves", compute.store.owner, len(suspects)
            )
            for suspect in suspects:
                alone = _isolated(compute, suspect, engine)
                del waiting[suspect[0]]
                failures |= alone.failures
                error = error or alone.error
    if error is not None:
        raise error
    return failures


def _demand_few_crashes(failures: Mapping[str, Failed], rows: int, owner: str) -> None:
    """One picture may crash a library; where most rows crash, the program is at fault and no data may go for it."""
    crashes = [failed for failed in failures.values() if failed.reason == "crashed"]
    if len(crashes) > 2 and 2 * len(crashes) > rows:
        raise UniRainError(
            f"{owner}: {len(crashes)} of {rows} rows crashed, the first with: {crashes[0].detail}; this is a defect of the "
            "program or of its installation, so no row was dropped for it"
        )


def _tell(failures: Mapping[str, Failed], owner: str) -> None:
    """Some failures pass, such as a lack of memory, and DVC would call the stage up to date all the same."""
    passing = sum(failed.reason in ("crashed", "out_of_memory") for failed in failures.values())
    if passing:
        logger.warning(
            "%s: %d rows crashed or did not fit into memory; `dvc repro --force --single-item %s` tries them again",
            owner,
            passing,
            owner,
        )


@dataclass(frozen=True, slots=True)
class _Named(Generic[In, Out]):
    """A computation whose outcome bears the keys of its shard."""

    compute: _Compute[In, Out]

    def __call__(self, shard: Shard) -> tuple[tuple[str, ...], _Outcome[Out]]:
        return shard[0], self.compute(shard)


def _isolated(compute: _Compute[In, Out], shard: Shard, engine: Engine) -> _Outcome[Out]:
    """A shard that may kill its worker: halved until the row that does is alone."""
    keys, rows = shard
    try:
        return next(iter(engine.run(compute, [shard])))
    except WorkerDiedError:
        if len(keys) == 1:
            return _Outcome(failures={keys[0]: Failed("crashed", "the worker process died of it")})
    half = len(keys) // 2
    first = _isolated(compute, (keys[:half], rows[:half]), engine)
    second = _isolated(compute, (keys[half:], rows[half:]), engine)
    return _Outcome(failures=first.failures | second.failures, error=first.error or second.error)


def _look_up(
    job: Job[In, Out], keys: Sequence[str], store: WorkStore
) -> tuple[dict[str, list[Out]], set[str]]:
    """Finished results by key, and the names of the shards that hold them."""
    wanted, results, used = set(keys), dict[str, list[Out]](), set[str]()
    for path in sorted(store.shards.glob(f"{job.algorithm}-*.*.parquet")):
        of_shard: dict[str, list[Out]] = defaultdict(list)
        for key, out in _rows_of(path, job.output, wanted, store):
            of_shard[key].append(out)
        fresh = {key: outs for key, outs in of_shard.items() if key not in results}
        if fresh:
            used.add(path.name)
            results |= fresh
    return results, used


def _rows_of(path: Path, output: type[Out], wanted: set[str], store: WorkStore) -> list[tuple[str, Out]]:
    """The wanted rows of a shard.

    A damaged shard is deleted and gives none. A shard with the columns of another commit is kept for that commit, and gives
    none either.
    """
    content = read_named(path)
    if content is None:
        logger.warning("%s: a shard of finished work is damaged and is done again: %s", store.owner, path)
        path.unlink(missing_ok=True)
        return []
    try:
        return tables.parse_keyed(path, content, output, wanted)
    except SchemaError:
        return []


def _shards(job: Job[In, Out], missing: dict[str, In]) -> list[Shard]:
    """Rows of one dataset whose ids' hashes agree, about `shard_rows` of them together."""
    datasets: dict[str, list[tuple[str, str, In]]] = defaultdict(list)
    for key, row in missing.items():
        dataset, identity = job.place(row)
        datasets[dataset].append((digest(identity), key, row))
    shards: list[Shard] = []
    for dataset in sorted(datasets):
        rows = sorted(datasets[dataset], key=lambda r: r[:2])
        buckets = 1 << max(0, (len(rows) // job.shard_rows).bit_length())
        by_bucket: dict[int, list[tuple[str, str, In]]] = defaultdict(list)
        for hashed in rows:
            by_bucket[int(hashed[0][:8], 16) % buckets].append(hashed)
        for bucket in sorted(by_bucket):
            part = by_bucket[bucket]
            shards.append((tuple(r[1] for r in part), tuple(r[2] for r in part)))
    return shards
