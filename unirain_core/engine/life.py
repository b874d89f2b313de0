"""The life of a stage's process: it ends with its parent, and holds its own lock while it runs."""

import contextlib
import ctypes
import fcntl
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from unirain_core.errors import BusyError

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_PAUSE = 0.1
_TRIES = 10
"""How often the holder's name is looked for: a second is ages for a process that is about to write it."""
_SECONDS_BETWEEN_LINES = 60.0
_PROBE_S = 0.1
"""Seconds within which `is_held` has let go of a lock again."""


def tie_to_parent(death_signal: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to end this process when its parent dies, also by kill -9 (Linux).

    DVC killed by SIGKILL or SIGTERM leaves its stage running, which would go on writing into the outs.
    Exits at once where the parent died before the request was made.
    """
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent or _has_lost_dvc(parent):
        sys.exit(128 + death_signal)


def _has_lost_dvc(parent: int) -> bool:
    """Whether DVC started this process and died while it was loading: then its parent is a stranger.

    A parent of ours is DVC (dvc.yaml's `exec` takes the shell out of between), or a stage.
    """
    if "DVC_STAGE" not in os.environ:
        return False
    try:
        command = Path(f"/proc/{parent}/cmdline").read_bytes()
    except OSError:
        return True
    return b"dvc" not in command and b"unirain" not in command


def end_on_signals() -> None:
    """Let SIGINT and SIGTERM end this process at once.

    At once, since all finished work is whole at any moment, and an orderly exit would wait for workers, which a signal
    in the middle of their start leaves waiting for ever. Workers are tied to this process. Explicitly, since a
    process that a non-interactive shell starts in the background inherits an ignored SIGINT.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def lock(file: Path, what: str, project: Path | None = None) -> Iterator[None]:
    """Hold an exclusive lock that dies with this process.

    Two checkouts can share one work store. A holder that works for another project is waited for, as long as it lives:
    DVC would count a refusal as a failed stage. One of the same project is not, since both would write the same outs.

    Args:
        file: the lock file; its content is the pid of the holder and the root of its project.
        what: the thing that is locked, for the message.
        project: root of the project that needs it; None: nobody is waited for.

    Raises:
        BusyError: another process holds it, for the same project or for an unknown one.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_dir():
        file.rmdir()  # neither a lock file nor an empty folder in its place holds anything that a person might want
    with file.open("a+", encoding="utf-8") as handle:
        if not _is_taken(handle):
            time.sleep(_PROBE_S)  # it may have been `is_held` that held it
        last_line = -math.inf
        while not _is_taken(handle):
            pid, other = _holder(handle)
            if project is None or other in ("", str(project)):
                raise BusyError(f"{what} runs already (process {pid}); wait for it, or stop it")
            if time.monotonic() - last_line > _SECONDS_BETWEEN_LINES:
                logger.info("%s waits for process %s, which runs it for the project in %s", what, pid, other)
                last_line = time.monotonic()
            time.sleep(_PAUSE)
        # on a full disk the message lacks the holder, and the lock holds all the same
        with contextlib.suppress(OSError):
            os.ftruncate(handle.fileno(), 0)
            os.write(handle.fileno(), f"{os.getpid()}\n{project or ''}".encode())
        yield


def _is_taken(handle: TextIO) -> bool:
    """Whether the lock could be taken now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(handle: TextIO) -> tuple[str, str]:
    """Process and project of the holder; one that has just taken the lock is about to write them."""
    for _ in range(_TRIES):
        handle.seek(0)
        pid, _, project = handle.read().partition("\n")
        if pid:
            return pid, project
        time.sleep(_PAUSE)
    return "unknown", ""


def is_held(file: Path) -> bool:
    """Whether a living process holds the lock; asking holds it for a moment, which `lock` allows for.

    A lock that cannot be asked counts as held.
    """
    try:
        with file.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return False
