"""The life of a stage's process: it ends with its parent, and holds its own lock while it runs."""

import contextlib
import ctypes
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from unirain_core.errors import BusyError

_PR_SET_PDEATHSIG = 1


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
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise BusyError(f"{what} runs already (process {holder}); wait for it, or stop it") from None
        with contextlib.suppress(
            OSError
        ):  # on a full disk the message lacks the holder, and the lock holds all the same
            os.ftruncate(handle.fileno(), 0)
            os.write(handle.fileno(), str(os.getpid()).encode())
        yield
