"""The engine of a Ray cluster: actors that load the function once each, and are replaced when their node goes.

Ray Core's actors stand here and not Ray Data: tasks come one by one as the stream finds what is missing, and Ray Data wants
to know all of them before it starts its actors, which would load their model anew for every portion of the rows.
"""

import logging
import os
import pickle
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import psutil
import ray
from ray.exceptions import RayError, RayTaskError

import unirain_core
from unirain_core.engine.edits import BEGAN, demand_unedited_file
from unirain_core.engine.local import wanted_workers
from unirain_core.engine.pools import LOADERS, Device
from unirain_core.errors import MissingInputError, WorkerDiedError

logger = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")

ADDRESS = "RAY_ADDRESS"
"""Environment variable: the cluster; unset: one of this machine that lives as long as the stage."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PER_WORKER = 2
"""Tasks at one worker: one is computed, one waits, so that no worker waits for us."""
_DEATHS = 2
"""Workers that a task may end before the task is the suspect: the first may have died by a chance of the network."""
_PATIENCE_S = 60.0
"""Seconds without a result after which a line says what is waited for."""
_COUNT_S = 2.0
"""Seconds between two looks at the size of the cluster."""
_ANSWER_S = 10.0
"""Seconds within which a head node answers."""
_OBJECTS = 128 * 2**20
"""Bytes of shared memory of a cluster of our own: tasks are rows without pictures, and results are names."""


class RayEngine:
    """Actors of a cluster, one thread each on CPUs: the same bytes as `local`, whatever their number."""

    @contextmanager
    def open(self, function: Callable[[Task], Result], device: Device) -> Iterator["RayPool[Task, Result]"]:
        """As `Engine.open`."""
        pool = RayPool(function, device)
        try:
            yield pool
        finally:
            pool.close()


@dataclass(eq=False, slots=True)
class _Worker(Generic[Task]):
    """An actor and what it was handed."""

    actor: Any
    place: Any
    """Reference of an answer that it gives as soon as the cluster has a place for it."""
    tasks: dict[Any, Task] = field(default_factory=dict)
    """Reference of a result to its task, in the order in which the actor computes them."""


class RayPool(Generic[Task, Result]):
    """Actors that were handed one function; their number follows the cluster."""

    def __init__(self, function: Callable[[Task], Result], device: Device) -> None:
        self._function, self._device = ray.cloudpickle.dumps(function), device  # type: ignore[no-untyped-call]
        self._workers: list[_Worker[Task]] = []
        self._waiting: deque[Task] = deque()
        """Tasks that lost their worker, and that none has yet."""
        self._deaths: Counter[int] = Counter()
        """Id of a task to the workers that died while they computed it."""
        self._n_wanted, self._counted, self._has_gpu = 1, -_COUNT_S, False
        self._n_loaders = "0"

    @property
    def capacity(self) -> int:
        """As `Pool.capacity`."""
        return _PER_WORKER * self._wanted()

    def submit(self, task: Task) -> None:
        """As `Pool.submit`."""
        self._waiting.append(task)
        self._hand_out()

    def next(self) -> Result:
        """As `Pool.next`."""
        while True:
            self._hand_out()
            owners = {reference: worker for worker in self._workers for reference in worker.tasks}
            done, _ = ray.wait(list(owners), num_returns=1, timeout=_PATIENCE_S)
            if not done:
                logger.info(
                    "ray: no result for %d s; %d tasks wait for the cluster", _PATIENCE_S, len(owners)
                )
                self._take_back()
                continue
            worker = owners[done[0]]
            try:
                result: Result = ray.get(done[0])
            except RayTaskError as error:
                worker.tasks.pop(done[0])
                raise error.cause from None
            except RayError as error:
                self._replace(worker, error)
            else:
                self._deaths.pop(id(worker.tasks.pop(done[0])), None)
                return result

    def close(self) -> None:
        """End the actors, whatever they compute."""
        for worker in self._workers:
            ray.kill(worker.actor)
        self._workers = []

    def _hand_out(self) -> None:
        """Give waiting tasks to the workers that have the fewest."""
        while self._waiting:
            idle = [worker for worker in self._workers if not worker.tasks]
            if not idle and len(self._workers) < self._wanted():
                self._workers.append(self._start())
            worker = min(self._workers, key=lambda w: len(w.tasks))
            if len(worker.tasks) >= _PER_WORKER:
                return
            task = self._waiting.popleft()
            worker.tasks[worker.actor.compute.remote(task)] = task

    def _wanted(self) -> int:
        """Workers that the cluster has room for now."""
        if time.monotonic() - self._counted > _COUNT_S:
            _connect()
            resources = ray.cluster_resources()  # type: ignore[no-untyped-call]
            self._counted = time.monotonic()
            gpus = int(resources.get("GPU", 0)) if self._device == "gpu" else 0
            most = 1 if self._device == "server" else gpus or int(resources.get("CPU", 0))
            self._n_wanted = max(1, most)
            self._has_gpu = gpus > 0
            # a worker with a GPU would wait for pictures: the cluster's cores are shared out among them
            share = int(resources.get("CPU", 0)) // gpus if gpus else 0
            self._n_loaders = os.environ.get(LOADERS, str(share))
        return self._n_wanted

    def _start(self) -> _Worker[Task]:
        needs: dict[str, Any] = {"num_gpus": 1, "num_cpus": 0} if self._has_gpu else {"num_cpus": 1}
        if self._device == "server":
            needs = {"num_cpus": 0}
        # what a worker loads is a copy that was compared when it was sent: it is newer than the stage, and no edit
        variables = {**dict.fromkeys(_THREADS, "1"), BEGAN: "", LOADERS: self._n_loaders}
        actor = ray.remote(_Actor).options(**needs, runtime_env={"env_vars": variables})
        worker: Any = actor.remote(self._function)
        return _Worker(worker, worker.begin.remote())

    def _take_back(self) -> None:
        """Let the other workers do the tasks of those that have no place: other people's work may hold it for days."""
        places = [worker.place for worker in self._workers]
        taken, _ = ray.wait(places, num_returns=len(places), timeout=0)
        if not taken:
            return
        for worker in [worker for worker in self._workers if worker.place not in taken]:
            ray.kill(worker.actor)
            self._workers.remove(worker)
            self._waiting.extendleft(reversed(worker.tasks.values()))

    def _replace(self, worker: _Worker[Task], error: RayError) -> None:
        """Let others do what a dead worker had; the task that it computed is a suspect.

        Raises:
            WorkerDiedError: that task has ended several workers.
        """
        logger.warning("ray: a worker is gone (%s); others do its work", str(error).partition("\n")[0])
        self._workers.remove(worker)
        tasks = list(worker.tasks.values())
        self._waiting.extendleft(reversed(tasks))
        self._counted = -_COUNT_S
        suspect = tasks[0]
        self._deaths[id(suspect)] += 1
        if self._deaths[id(suspect)] >= _DEATHS:
            raise WorkerDiedError("several workers of the Ray cluster ended at the same work")


class _Actor:
    """A worker: it loads the function once, with the first task."""

    def __init__(self, function: bytes) -> None:
        self._pickled = function
        self._function: Callable[[Any], Any] | None = None

    def begin(self) -> None:
        """Answer that it has a place."""

    def compute(self, task: Any) -> Any:  # noqa: ANN401 (whatever the function takes and gives)
        if self._function is None:
            self._function = pickle.loads(self._pickled)
        return self._function(task)


def _connect() -> None:
    """Join the cluster, once for each process. Its workers run this process's code, which is sent to them.

    Raises:
        ConfigError: UNIRAIN_WORKERS is no positive number.
        MissingInputError: no cluster answers at RAY_ADDRESS.
        EditedError: the code was edited before it was sent.
    """
    if ray.is_initialized():
        return
    package = Path(unirain_core.__file__).parent
    address = os.environ.get(ADDRESS)
    settings: dict[str, Any] = {"address": address or "local"}
    if not address:
        settings |= {"include_dashboard": False, "object_store_memory": _OBJECTS}
        settings |= {"num_cpus": wanted_workers()}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address:
        _demand_answer(address)
    runtime = {"py_modules": [str(package)]}
    ray.init(runtime_env=runtime, log_to_driver=False, logging_level=logging.WARNING, **settings)
    if not address:
        _end_agents_with_us()
    if began := os.environ.get(BEGAN):
        for path in package.rglob("*.py"):
            if "cli" not in path.relative_to(package).parts:  # takes no part in results
                demand_unedited_file(int(began), path)


_watches: list[subprocess.Popen[bytes]] = []
"""Kept as long as this process lives: one whose pipe is closed takes us for dead."""


def _end_agents_with_us() -> None:
    """Let the agents of our own cluster end with this process, also by kill -9.

    Everything else of the cluster is tied to us. The agents ask their head what to do, and where the kernel ended the
    head before them they would wait a minute for its answer (Ray 2.60). `watch.py` reads from us until we are gone.
    """
    agents = [str(child.pid) for child in psutil.Process().children(recursive=True)]
    program = str(Path(__file__).with_name("watch.py"))
    command = [sys.executable, "-I", program, *agents]
    _watches.append(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True))


def _demand_answer(address: str) -> None:
    """Ask whether something listens at an address: Ray itself would wait for minutes, and abort the process then.

    Raises:
        MissingInputError: nothing does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():  # such as `auto`
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_S).close()
    except (OSError, UnicodeError) as error:  # the second: a name that no machine can have
        cause = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise MissingInputError(
            f"no Ray cluster answers at {ADDRESS}={address} ({cause}); correct the "
            f"address, or unset {ADDRESS} for a cluster of this machine alone"
        ) from None
