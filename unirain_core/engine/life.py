"""The life of a stage's process: it ends with its parent, and holds its own lock while it runs."""

import contextlib
import ctypes
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from unirain_core.errors import BusyError

_PR_SET_PDEATHSIG = 1
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
def lock(file: Path, what: str) -> Iterator[None]:
    """Hold an exclusive lock that dies with this process.

    Args:
        file: the lock file; its content is the pid of the holder.
        what: the thing that is locked, for the message.

    Raises:
        BusyError: another process holds it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as handle:
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_PROBE_S)  # it may have been `is_held` that held it
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise BusyError(f"{what} runs already (process {holder}); wait for it, or stop it") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def is_held(file: Path) -> bool:
    """Whether a living process holds the lock; asking holds it for a moment, which `lock` allows for."""
    try:
        with file.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
