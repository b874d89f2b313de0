"""Other processes load the next rows while this process computes, so that a device does not wait for pictures."""

import multiprocessing
import os
import pickle
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing.util import Finalize
from typing import Any, Generic, TypeVar

from unirain_core.engine.jobs import Loading
from unirain_core.engine.life import tie_to_parent
from unirain_core.engine.pools import LOADERS
from unirain_core.errors import ConfigError

In = TypeVar("In")

BATCHES_AHEAD = 3
"""Batches that are loaded before they are needed, so that one slow picture does not delay the device."""

BYTES_AHEAD = 1 << 30
"""Bytes of the rows that are loaded before they are needed. Pixels of the paper's models take less: InternVL's longest question has
4.8 MB, 58 MB in three batches of four. Whole pictures may take more, since a photo of 24 megapixels has 72 MB."""


class Ahead(Generic[In]):
    """The processes that load for this one; they start with the first row and end with this process."""

    def __init__(self, job: Loading[In], n_processes: int) -> None:
        """Load the rows of a job."""
        self._executor = ProcessPoolExecutor(
            max_workers=n_processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=partial(_begin_loader, pickle.dumps(job)),
        )
        self._futures: dict[int, Future[bytes]] = {}
        self._largest = 0  # bytes of a row, of those that are loaded so far
        # A worker that ends would close its queues (priority 10) and then wait for its children before it ends its pools. The
        # loaders would never be told to end, and the worker would wait for ever. So the pool is ended first (priority 20).
        Finalize(None, self._executor.shutdown, kwargs={"cancel_futures": True}, exitpriority=20)

    def loaded(self, rows: Sequence[In], begin: int, size: int) -> list[Any]:
        """The loaded forms of `size` rows from `begin` on; the next batches are put to the loaders as well.

        Raises:
            Exception: whatever loading one of them raised.
        """
        end = min(begin + size, len(rows))
        self._put(rows, begin, end)
        if self._largest:  # before the first rows are there, nobody knows how much room the next ones need
            self._put(rows, end, end + self._room(size))
        contents = [self._futures[place].result() for place in range(begin, end)]
        self._largest = max(self._largest, *map(len, contents))
        self._put(rows, end, end + self._room(size))
        return [pickle.loads(content) for content in contents]

    def _put(self, rows: Sequence[In], begin: int, end: int) -> None:
        for place in range(begin, min(end, len(rows))):
            if place not in self._futures:
                self._futures[place] = self._executor.submit(_load, rows[place])

    def _room(self, size: int) -> int:
        """Rows behind a batch that may be loaded before they are needed."""
        return min(BATCHES_AHEAD * size, BYTES_AHEAD // self._largest)

    def forget(self, until: int | None = None) -> None:
        """Let go of the rows before a place; of all where none is named."""
        for place in list(self._futures):
            if until is None or place < until:
                self._futures.pop(place).cancel()


def n_loaders() -> int:
    """How many processes load for this worker.

    Raises:
        ConfigError: the variable holds no number.
    """
    text = os.environ.get(LOADERS, "0")
    if not (text.isascii() and text.isdigit()):
        raise ConfigError(f"{LOADERS}: a number of processes is expected (found {text!r})")
    return int(text)


_jobs: list[Loading[Any]] = []
"""The job of this loading process."""


def _begin_loader(job: bytes) -> None:
    tie_to_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _jobs.append(pickle.loads(job))


def _load(row: Any) -> bytes:  # noqa: ANN401 (whatever the job takes)
    """What the job loads of a row, pickled here, so that its size is known."""
    return pickle.dumps(_jobs[0].load(row), pickle.HIGHEST_PROTOCOL)
