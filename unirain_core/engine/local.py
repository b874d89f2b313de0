"""The engine of one machine: worker processes that end with the stage."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol, TypeVar

from unirain_core.engine.life import tie_to_parent
from unirain_core.errors import ConfigError, WorkerDiedError

Task = TypeVar("Task")
Result = TypeVar("Result")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Engine(Protocol):
    """Where tasks run; the function and the tasks travel to other processes or machines."""

    def run(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Apply the function to every task; results come in any order, the first error ends it all.

        Raises:
            WorkerDiedError: a worker process ended before its task did.
        """
        ...


class LocalEngine:
    """Processes of this machine, one thread each: the same bytes whatever their number."""

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or _workers()

    def run(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """As `Engine.run`."""
        if not tasks:
            return
        # read when a worker loads NumPy or torch: two workers of two threads each would fight
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        pool = ProcessPoolExecutor(
            max_workers=min(self._workers, len(tasks)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin_worker,
        )
        try:
            for future in as_completed([pool.submit(function, task) for task in tasks]):
                yield future.result()
        except BrokenProcessPool:
            raise WorkerDiedError(
                "a worker process was ended from outside, most often because memory ran out; finished work is "
                "kept: run the same command again, with UNIRAIN_WORKERS=1 in the environment if it is memory"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    tie_to_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the stage decides; its end is the worker's


def _workers() -> int:
    text = os.environ.get("UNIRAIN_WORKERS", "")
    if text and not (text.isdigit() and int(text) > 0):
        raise ConfigError(f"UNIRAIN_WORKERS: a positive number of processes is expected (found {text!r})")
    return int(text) if text else os.cpu_count() or 1
