"""Loaded by every Python process of a crash run: kills one chosen process at one chosen point, once.

CRASH_LOG=FILE                    write down every point that is passed: one line `target kind`
CRASH=TARGET:KIND:N:WHEN:FLAG     kill -9 the target at its N-th point of that kind, unless the file FLAG exists

Targets: stage, worker, dvc, dagster. Kinds: rename (os.rename, os.replace), lock (flock, and the writing of dvc.lock),
time (N hundredths of a second after the start). When: before, after.
"""

import builtins
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_WORKER = "--multiprocessing-fork"
_seen: dict[str, int] = {}


def _target() -> str:
    """What this process is, from its command line."""
    words = [Path(w).name for w in sys.orig_argv]
    if _WORKER in sys.orig_argv:
        return "worker" if "DVC_STAGE" in os.environ else "other"
    if "unirain" in words[:2] and "run" in words:
        return "stage"
    if "dvc" in words[:4]:
        return "dvc"
    return "dagster" if any("dagster" in w for w in words[:4]) else "other"


def _die(flag: str) -> None:
    Path(flag).touch()
    os.kill(os.getpid(), signal.SIGKILL)


def _pass(kind: str, when: str) -> None:
    """Note a point, or end at it."""
    if when == "before":
        _seen[kind] = _seen.get(kind, 0) + 1
        if log := os.environ.get("CRASH_LOG"):
            with _open(log, "a") as file:
                file.write(f"{TARGET} {kind}\n")
    if crash := os.environ.get("CRASH"):
        target, wanted, number, moment, flag = crash.split(":", 4)
        here = (target, wanted, int(number), moment) == (TARGET, kind, _seen[kind], when)
        if here and not Path(flag).exists():
            _die(flag)


def _around(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        _pass(kind, "before")
        answer = function(*arguments, **options)
        _pass(kind, "after")
        return answer

    return wrapped


def _opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
    is_lock = "w" in mode and str(file).endswith("dvc.lock")
    if is_lock:
        _pass("lock", "before")
    handle = _open(file, mode, *arguments, **options)
    if is_lock:
        close = handle.close

        def closed() -> None:
            close()
            _pass("lock", "after")

        handle.close = closed  # type: ignore[method-assign]
    return handle


TARGET = _target()
_open = builtins.open
if "CRASH" in os.environ or "CRASH_LOG" in os.environ:
    os.rename, os.replace = _around("rename", os.rename), _around("rename", os.replace)
    fcntl.flock = _around("lock", fcntl.flock)
    if TARGET == "dvc":
        builtins.open = _opened
    if os.environ.get("CRASH", "").startswith(f"{TARGET}:time:"):
        _, _, _number, _, _flag = os.environ["CRASH"].split(":", 4)
        if not Path(_flag).exists():
            _timer = threading.Timer(int(_number) / 100, _die, [_flag])
            _timer.daemon = True
            _timer.start()
