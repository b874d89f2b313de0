"""The engine of one machine: worker processes that end with the stage."""

import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing.queues import SimpleQueue
from typing import Any, Generic, TypeVar

from unirain_core.engine.life import tie_to_parent
from unirain_core.engine.pools import LOADERS, Device
from unirain_core.errors import ConfigError, WorkerDiedError

Task = TypeVar("Task")
Result = TypeVar("Result")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_VISIBLE = "CUDA_VISIBLE_DEVICES"


class LocalEngine:
    """Processes of this machine, one thread each: the same bytes whatever their number.

    Work for a GPU has one process for each GPU. Where there is none, it runs as work for the CPU does.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or wanted_workers()

    @contextmanager
    def open(self, function: Callable[[Task], Result], device: Device) -> Iterator["LocalPool[Task, Result]"]:
        """As `Engine.open`."""
        devices = _cuda_devices() if device == "gpu" else []
        most = 1 if device == "server" else len(devices) or self._workers
        pool = LocalPool(function, min(self._workers, most), devices)
        try:
            yield pool
        finally:
            pool.close()


class LocalPool(Generic[Task, Result]):
    """Worker processes that were handed one function."""

    def __init__(self, function: Callable[[Task], Result], workers: int, devices: Sequence[str]) -> None:
        self._function, self._n_workers, self._devices = function, workers, devices
        self._executor: ProcessPoolExecutor | None = None
        self._flying: set[Future[Result]] = set()

    @property
    def capacity(self) -> int:
        """As `Pool.capacity`."""
        return 2 * self._n_workers

    def submit(self, task: Task) -> None:
        """As `Pool.submit`."""
        if self._executor is None:
            self._executor = self._start()
        with _telling(), _one_thread_each():  # a task may start a process
            self._flying.add(self._executor.submit(_apply, task))

    def next(self) -> Result:
        """As `Pool.next`; results that were finished before a worker died come first."""
        done = wait(self._flying, return_when=FIRST_COMPLETED).done
        future = min(done, key=_has_lost_its_worker)
        self._flying.remove(future)
        with _telling():
            return future.result()

    def close(self) -> None:
        """End the workers, once they have done what they have taken; what still waits for one is not begun."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def _loaders(self) -> int | None:
        """How many processes load for each worker with a GPU, which would wait for pictures: the cores are shared out among them."""
        return (os.cpu_count() or 1) // self._n_workers if self._devices else None

    def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        devices: SimpleQueue[str] = context.SimpleQueue()
        for device in self._devices:
            devices.put(device)
        return ProcessPoolExecutor(
            max_workers=self._n_workers,
            mp_context=context,
            initializer=partial(_begin_worker, pickle.dumps(self._function), devices, self._loaders()),
        )


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start in the block compute with one thread: two workers of two threads each would fight.

    They inherit the variables and read them when they load NumPy or torch. This process and its other children keep their own: the
    number of threads decides the last digits of a training.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _has_lost_its_worker(future: Future[Any]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise WorkerDiedError(
            "a worker process was ended from outside, most often because memory ran out; finished work is "
            "kept: run the same command again, with UNIRAIN_WORKERS=1 in the environment if it is memory"
        ) from None


_pickled: list[bytes] = []
"""The function of this worker process: it is sent once, not with every task."""


def _begin_worker(function: bytes, devices: "SimpleQueue[str]", loaders: int | None) -> None:
    tie_to_parent(signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:  # the stage died before this process could be tied to it
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the stage decides; its end is the worker's
    if loaders is not None:
        os.environ[_VISIBLE] = devices.get()
        os.environ.setdefault(LOADERS, str(loaders))
    _pickled.append(function)


@cache
def _loaded() -> Callable[[Any], Any]:
    """The function, loaded with the first task: an error of loading is then that task's, and not the pool's end."""
    function: Callable[[Any], Any] = pickle.loads(_pickled[0])
    return function


def _apply(task: Any) -> Any:  # noqa: ANN401 (whatever the function takes and gives)
    return _loaded()(task)


def _cuda_devices() -> list[str]:
    """Names of the GPUs that this process may use, as CUDA_VISIBLE_DEVICES has them."""
    import torch  # seconds, which a stage without such work does not pay

    number = torch.cuda.device_count()
    named = [name.strip() for name in os.environ.get(_VISIBLE, "").split(",") if name.strip()]
    return named[:number] if named else [str(device) for device in range(number)]


def wanted_workers() -> int:
    """Processes that UNIRAIN_WORKERS asks for; one for each CPU where it is unset.

    Raises:
        ConfigError: it is no positive number.
    """
    text = os.environ.get("UNIRAIN_WORKERS", "")
    if text and not (text.isdecimal() and int(text) > 0):
        raise ConfigError(f"UNIRAIN_WORKERS: a positive number of processes is expected (found {text!r})")
    return int(text) if text else os.cpu_count() or 1
