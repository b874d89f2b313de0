"""The work on one shard: compute its rows, each by itself where one of them fails, and store the results."""

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from unirain_core.engine import shards
from unirain_core.engine.ahead import Ahead, n_loaders
from unirain_core.engine.edits import demand_code_of_the_stage
from unirain_core.engine.jobs import Failed, Job, Loading
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ChangedInputError, ItemError, UniRainError

logger = logging.getLogger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Shard(Generic[In]):
    """Rows that are computed together and stand in one file."""

    keys: tuple[bytes, ...]
    """16 bytes each."""
    rows: tuple[In, ...]


@dataclass(slots=True)
class Outcome:
    """What came of a shard; its results stand in the store."""

    shard: tuple[bytes, ...]
    """Keys of all its rows."""
    file: str | None = None
    """Name of the file with the results; None where no row has one."""
    stored: list[bytes] = field(default_factory=list)
    """Keys of the rows in the file, in their order there."""
    failures: dict[bytes, Failed] = field(default_factory=dict)
    error: UniRainError | OSError | None = None
    """Something that is wrong with the world and not with a row; the shard's other rows are stored all the same."""
    seconds: float = 0.0
    """What the rows took to compute, of this worker's time."""


@dataclass(slots=True)
class Worker:
    """What the process that computes knows of its job. It begins empty in each process."""

    n_rows: int = sys.maxsize
    """Rows that fit into memory at once; smaller once more of them did not."""
    ahead: Ahead[Any] | None = None
    """The processes that load for this one, from the first row that they shall load on."""


@dataclass(frozen=True, slots=True)
class Compute(Generic[In, Out]):
    """Compute one shard and put it into the store; travels to the workers, so it holds no more than it needs."""

    job: Job[In, Out]
    store: WorkStore
    worker: Worker = field(default_factory=Worker)

    def __call__(self, shard: Shard[In]) -> Outcome:
        """Compute what can be computed; an error that concerns all rows is raised."""
        demand_code_of_the_stage()
        outcome, results = Outcome(shard.keys), list[Out]()
        start = time.monotonic()
        self._compute(shard, outcome, results)
        outcome.seconds = time.monotonic() - start
        demand_code_of_the_stage()  # again, since the first rows load more code, such as a judge's
        if results:
            outcome.file = shards.write(self.store, self.job, outcome.stored, results)
        return outcome

    def _compute(self, shard: Shard[In], outcome: Outcome, results: list[Out]) -> None:
        ahead = self._ahead()
        try:
            self._compute_batches(shard, ahead, outcome, results)
        finally:
            # loaded rows are known by their places in the shard: after an error too, the next shard must not get them
            if ahead is not None:
                ahead.forget()

    def _compute_batches(
        self, shard: Shard[In], ahead: Ahead[In] | None, outcome: Outcome, results: list[Out]
    ) -> None:
        """Compute the rows in micro-batches; a batch that fails is computed row by row."""
        begin, usual = 0, self.worker.n_rows
        while begin < len(shard.rows):
            size = self._size(len(shard.rows))
            keys, rows = shard.keys[begin : begin + size], shard.rows[begin : begin + size]
            try:
                batch = self._batch(rows) if ahead is None else self._loaded_batch(ahead, shard, begin, size)
            except Exception as error:  # whatever a library raises of one picture must not end the batch
                if _concerns_all(error):
                    raise
                if _is_lack_of_memory(error) and len(rows) > 1:
                    self.worker.n_rows = len(rows) // 2
                    continue
                if _is_lack_of_memory(error):  # this row alone was too large: the next ones may fit as before
                    self.worker.n_rows = usual
                self._one_by_one(keys, rows, outcome, results)
            else:
                _take(keys, batch, outcome, results)
            begin += len(rows)
            if ahead is not None:
                ahead.forget(begin)

    def _loaded_batch(
        self, ahead: Ahead[In], shard: Shard[In], begin: int, size: int
    ) -> Sequence[Out | Failed]:
        """A micro-batch whose rows other processes loaded."""
        loaded = ahead.loaded(shard.rows, begin, size)
        rows = shard.rows[begin : begin + size]
        results: Sequence[Out | Failed] = cast("Loading[In]", self.job).compute_loaded(rows, loaded)
        return self._counted(rows, results)

    def _ahead(self) -> Ahead[In] | None:
        """The processes that load for this one; None where it loads its rows itself."""
        n_processes = n_loaders() if isinstance(self.job, Loading) else 0
        if self.worker.ahead is None and n_processes and isinstance(self.job, Loading):
            self.worker.ahead = Ahead(self.job, n_processes)
        return self.worker.ahead

    def _size(self, n_rows: int) -> int:
        """Rows of the next micro-batch."""
        return min(self.job.batch or n_rows, self.worker.n_rows)

    def _batch(self, rows: Sequence[In]) -> Sequence[Out | Failed]:
        return self._counted(rows, self.job.compute(rows))

    def _counted(self, rows: Sequence[In], results: Sequence[Out | Failed]) -> Sequence[Out | Failed]:
        if len(results) != len(rows):
            raise _MiscountError(f"{self.store.owner}: {len(rows)} rows gave {len(results)} results")
        return results

    def _one_by_one(
        self, keys: Sequence[bytes], rows: Sequence[In], outcome: Outcome, results: list[Out]
    ) -> None:
        for key, row in zip(keys, rows, strict=True):
            try:
                _take([key], self._batch([row]), outcome, results)
            except Exception as error:  # as above
                if _concerns_all(error):
                    raise
                _note(key, error, outcome)


def _take(keys: Sequence[bytes], batch: Sequence[Out | Failed], outcome: Outcome, results: list[Out]) -> None:
    """Note what came of some rows."""
    for key, result in zip(keys, batch, strict=True):
        if isinstance(result, Failed):
            outcome.failures[key] = result
        else:
            outcome.stored.append(key)
            results.append(result)


class _MiscountError(ValueError):
    """A job gave another number of results than rows: a mistake of the program."""


def _concerns_all(error: Exception) -> bool:
    """Weights or a server are absent, or the program is wrong: no row can be computed."""
    if isinstance(error, ItemError | ChangedInputError):
        return False
    return isinstance(error, UniRainError | _MiscountError)


_LACKS = ("out of memory", "can't allocate memory", "ALLOC_FAILED")
"""In the words of torch's RuntimeErrors: of CUDA itself, of main memory, of CUDA's libraries."""


def _is_lack_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's is another
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _LACKS)


def _note(key: bytes, error: Exception, outcome: Outcome) -> None:
    match error:
        case ItemError():
            outcome.failures[key] = Failed(error.reason, error.detail)
        case ChangedInputError() | OSError():
            outcome.error = outcome.error or error
        case _ if _is_lack_of_memory(error):
            outcome.failures[key] = Failed("out_of_memory", "the row does not fit into memory")
        case _:
            logger.warning("a row cannot be computed", exc_info=error)
            outcome.failures[key] = Failed("crashed", f"{type(error).__name__}: {error}"[:300])
