"""The same work in several processes of this machine that talk to each other, one for each GPU."""

import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait

import torch

from unirain_core.engine.edits import demand_code_of_the_stage
from unirain_core.engine.life import tie_to_parent
from unirain_core.errors import UniRainError

GRACE = 10.0
"""Seconds that the first process has to write a line in the journal after another one has failed. One that waits for the
other for ever, in a sum over all processes, has no more."""


def on_every_gpu(work: Callable[[], None], processes: int | None = None) -> None:
    """Do the work once for each GPU, at the same time; here, where there is at most one.

    Args:
        work: picklable; finds its rank and the number of processes in the environment, as torchrun sets it.
        processes: how many; None: one for each GPU.

    Raises:
        UniRainError: the first that a process raised, or one of them died; the others are ended.
    """
    count = torch.cuda.device_count() if processes is None else processes
    if count <= 1:
        work()
        return
    context, port = multiprocessing.get_context("spawn"), _free_port()
    pipes = [context.Pipe(duplex=False) for _ in range(count)]
    workers = [
        context.Process(target=_work, args=(there, work, rank, count, port))
        for rank, (_, there) in enumerate(pipes)
    ]
    try:
        for worker, (_, there) in zip(workers, pipes, strict=True):
            worker.start()
            there.close()  # so that the death of the worker is the end of its pipe
        _await([here for here, _ in pipes])
    finally:
        for worker in [w for w in workers if w.pid is not None]:
            worker.kill()
            worker.join()


def is_first() -> bool:
    """Whether this process is the one that writes: the only one, or rank 0."""
    return int(os.environ.get("RANK", "0")) == 0


def _await(answers: Sequence[Connection]) -> None:
    """Wait for all processes. Where another one fails, the first may write down why: all fail at the same step."""
    first, waiting = answers[0], list(answers)
    while waiting:
        ready = set(wait(waiting))
        for answer in [a for a in waiting if a in ready]:
            try:
                _demand_success(answer)
            except (UniRainError, OSError):
                if answer is not first and first in waiting:
                    wait([first], GRACE)
                raise
            waiting.remove(answer)


def _demand_success(answer: Connection) -> None:
    """Raise what a process has raised, or that it died."""
    try:
        error: UniRainError | OSError | None = answer.recv()
    except EOFError:
        raise UniRainError("a training process died; the log above says why") from None
    if error is not None:
        raise error


def _work(answer: Connection, work: Callable[[], None], rank: int, world: int, port: int) -> None:
    tie_to_parent(signal.SIGKILL)
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in names.items()} | {"MASTER_ADDR": "127.0.0.1"}
    try:
        demand_code_of_the_stage()
        work()
        answer.send(None)
    except (UniRainError, OSError) as error:
        answer.send(error)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
