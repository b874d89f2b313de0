"""Per-row work: rows whose result is in the work store are looked up, the rest are computed in shards."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from unirain_core.artefacts import tables
from unirain_core.engine import windows
from unirain_core.engine.compute import Compute, Outcome, Shard
from unirain_core.engine.crew import Crew
from unirain_core.engine.finished import FinishedWork
from unirain_core.engine.index import KEY, Keys
from unirain_core.engine.jobs import Failed, Finished, Job
from unirain_core.engine.make import make_engine
from unirain_core.engine.pools import Engine
from unirain_core.engine.progress import Progress
from unirain_core.engine.store import WorkStore
from unirain_core.errors import UniRainError

In = TypeVar("In")
Out = TypeVar("Out")

AHEAD = 2
"""Windows in work at once: while the last shards of one are computed, the other workers begin the next."""


def stream(
    job: Job[In, Out],
    batches: Iterable[Sequence[In]],
    store: WorkStore,
    engine: Engine | None = None,
    *,
    total: int | None = None,
) -> Iterator[Finished[In, Out]]:
    """The results of every row, in the order of the rows; nothing that is finished is computed again.

    A row that cannot be computed never stops the others. Memory does not grow with the rows, but for the index. Take all
    windows: what concerns the whole is raised after the last.

    Args:
        job: what is computed.
        batches: the rows; how they are cut does not matter.
        store: of the stage.
        engine: where it is computed; None: the one that UNIRAIN_ENGINE names.
        total: the number of rows, for a person who waits; None: unknown.

    Raises:
        ChangedInputError: a file that a row reads is not what was listed; all other rows are finished and stored.
        OSError: a disk does not answer; likewise.
        UniRainError: most rows crashed; likewise.
    """
    run = _Run(job, store, total)
    with closing(Crew(engine or make_engine(), Compute(job, store))) as crew:
        for rows in windows.windows(batches, run.window_size):
            for shard in run.missing(rows, crew):
                while crew.is_full:
                    run.settle(crew.next())
                crew.submit(shard)
                yield from run.whole_windows()
            while run.n_pending >= AHEAD and not crew.is_idle:
                run.settle(crew.next())
                yield from run.whole_windows()
            yield from run.whole_windows()
        while not crew.is_idle:
            run.settle(crew.next())
            yield from run.whole_windows()
    run.end()


def finished_rows(
    job: Job[In, Out], rows: Sequence[In], store: WorkStore, engine: Engine | None = None
) -> list[Out | Failed]:
    """The results of few rows, all at once; otherwise as `stream`.

    Raises:
        ChangedInputError: as `stream`.
        OSError: likewise.
    """
    windows_of_rows = stream(job, [rows], store, engine, total=len(rows))
    return [outcome for window in windows_of_rows for outcome in window.outcomes()]


def row_keys(job: Job[In, Out], rows: Sequence[In]) -> Keys:
    """What each row's result is found under: the digest of the output's columns, the row's id and its key."""
    common = f"{tables.structure(job.output)!r}\x1f{job.output.__name__!r}\x1f"
    start = hashlib.sha256(common.encode())
    digests = []
    for row in rows:
        whole = start.copy()
        whole.update(f"{job.place(row)[1]!r}\x1f{job.key(row)!r}".encode())
        digests.append(whole.digest()[:16])
    return np.frombuffer(b"".join(digests), KEY)


@dataclass(slots=True, eq=False)
class _Window(Generic[In]):
    rows: list[In]
    keys: Keys
    waiting: set[bytes]
    """Keys of the rows that are not computed yet."""
    failures: dict[bytes, Failed]

    def key(self, position: int) -> bytes:
        # a slice, since an item of the array would lose a zero at its end
        return self.keys[position : position + 1].tobytes()


class _Run(Generic[In, Out]):
    """What one call of `stream` knows."""

    def __init__(self, job: Job[In, Out], store: WorkStore, total: int | None) -> None:
        self._job = job
        self._work = FinishedWork(store, job)
        self._pending: deque[_Window[In]] = deque()
        self._flying: set[bytes] = set()
        self._shard_size = windows.ShardSize(windows.FIRST_ROWS)
        self.window_size = windows.WindowSize(windows.FIRST_WINDOW)
        self._error: UniRainError | OSError | None = None
        self._progress = Progress(store.owner, store.again, total)

    @property
    def n_pending(self) -> int:
        """Windows that were begun and not given."""
        return len(self._pending)

    def missing(self, rows: list[In], crew: Crew[In]) -> Iterator[Shard[In]]:
        """Begin a window; gives the shards of its rows that must be computed and are not in work already."""
        keys = row_keys(self._job, rows)
        self._progress.n_rows += len(rows)
        window = _Window(rows, keys, set(), {})
        fresh: dict[bytes, In] = {}
        for position in np.flatnonzero(~self._work.has(keys)).tolist():
            key = window.key(position)
            window.waiting.add(key)
            if key not in self._flying:
                fresh[key] = rows[position]
        self._flying |= fresh.keys()
        self._pending.append(window)
        if fresh:  # only then are workers counted, for which an engine may have to join a cluster
            yield from windows.shards(self._job, fresh, self._shard_size, crew.n_workers)

    def settle(self, outcome: Outcome) -> None:
        """Take in what came of a shard."""
        self._work.add(outcome)
        self._shard_size.measure(outcome)
        self._flying.difference_update(outcome.shard)
        for window in self._pending:
            window.waiting.difference_update(outcome.shard)
            window.failures |= outcome.failures
        self._error = self._error or outcome.error
        self._progress.note(outcome, len(self._flying))

    def whole_windows(self) -> Iterator[Finished[In, Out]]:
        """The windows that are finished, in their order; after an error none, since a row then has no outcome."""
        while self._pending and not self._pending[0].waiting:
            window = self._pending.popleft()
            if self._error is None:
                yield self._finished(window)

    def _finished(self, window: _Window[In]) -> Finished[In, Out]:
        failures: dict[int, Failed] = {}
        if window.failures:  # rare, and keys are slow to look at
            for position in range(len(window.rows)):
                if failed := window.failures.get(window.key(position)):
                    failures[position] = failed
        kept = np.delete(window.keys, list(failures))
        results = self._work.results(kept)
        self.window_size.measure(len(results), results.nbytes)
        return Finished(window.rows, results, failures, self._job.output)

    def end(self) -> None:
        """Save what is known, and raise what concerns the whole."""
        self._work.save()
        if self._error is not None:
            raise self._error
        self._progress.demand_few_crashes()
        self._progress.tell()
        self._work.record_use()
