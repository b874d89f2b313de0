"""The interface of an engine: a pool of workers that apply one function to tasks."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeVar

Device = Literal["cpu", "gpu", "server"]
"""What work needs. `server`: it waits for a server most of the time, so one process does it all, with requests side by side."""

LOADERS = "UNIRAIN_LOADERS"
"""Environment variable: processes that load for one worker. The engine sets it where a worker has a GPU; 0: the worker loads
its rows itself."""

Task = TypeVar("Task")
Result = TypeVar("Result")
Given = TypeVar("Given", contravariant=True)
Answer = TypeVar("Answer", covariant=True)


class Pool(Protocol[Given, Answer]):
    """Workers that hold one function; they start with the first task and end with the block that opened the pool."""

    @property
    def capacity(self) -> int:
        """Tasks that may be in flight: two for each worker, so that none waits. May change while the pool is open."""
        ...

    def submit(self, task: Given) -> None:
        """Hand over a task; the caller keeps to the capacity."""
        ...

    def next(self) -> Answer:
        """Wait for the result of any task that was submitted; a task's own error is raised here.

        Raises:
            WorkerDiedError: a worker ended before its task did; this pool is of no more use.
        """
        ...


class Engine(Protocol):
    """Where tasks run; the function and the tasks travel to other processes or machines."""

    def open(
        self, function: Callable[[Task], Result], device: Device
    ) -> AbstractContextManager[Pool[Task, Result]]:
        """A pool whose workers load the function once each and have the device that it needs."""
        ...


def run(
    engine: Engine, function: Callable[[Task], Result], tasks: Iterable[Task], device: Device = "cpu"
) -> Iterator[Result]:
    """Apply a function to every task; results come in any order, the first error ends it all.

    Raises:
        WorkerDiedError: a worker process ended before its task did.
    """
    with engine.open(function, device) as pool:
        n_flying = 0
        for task in tasks:
            if n_flying >= pool.capacity:
                yield pool.next()
                n_flying -= 1
            pool.submit(task)
            n_flying += 1
        for _ in range(n_flying):
            yield pool.next()
