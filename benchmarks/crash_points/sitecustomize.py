"""Loaded by every Python process of a crash run: kills one chosen process at one chosen point, once.

CRASH_LOG=FILE                          write down every point that is passed: one line `target point`
CRASH=TARGET|POINT|N|MOMENT|FLAG        kill -9 the target at its N-th passing of a point, unless the file FLAG exists

Targets: stage, worker, dvc, dagster. Points: `module.function:kind` of our code, whose kinds are rename, truncate, write and
lock; of DVC `dvc.lock:write`, `rwlock:write` and `dvc:kind`; `time` (N hundredths of a second after the start).
Moments: before, after; of a write also empty (the file is truncated, nothing is written) and half (half is written).
"""

import builtins
import fcntl
import io
import os
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

_PACKAGES = ("unirain_core", "unirain_assets")
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


def _place(kind: str, file: str) -> str:
    """Name of the point: the file of DVC's that is written in place, else our function that is nearest on the stack."""
    if TARGET == "dvc":
        in_place = Path(file).name in ("dvc.lock", "rwlock") and kind == "write"
        return f"{Path(file).name if in_place else 'dvc'}:{kind}"
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        parts = Path(frame.f_code.co_filename).parts
        package = next((p for p in _PACKAGES if p in parts), None)
        if package is not None:
            below = parts[len(parts) - parts[::-1].index(package) :]
            module = ".".join((package, *below[:-1], Path(below[-1]).stem))
            return f"{module}.{frame.f_code.co_qualname}:{kind}"
        frame = frame.f_back
    return f"library:{kind}"


def _begin(point: str) -> int:
    """Note that a point is reached; returns for which time."""
    _seen[point] = _seen.get(point, 0) + 1
    if log := os.environ.get("CRASH_LOG"):
        with _open(log, "a") as file:
            file.write(f"{TARGET} {point}\n")
    return _seen[point]


def _is_here(point: str, number: int, moment: str) -> bool:
    crash = os.environ.get("CRASH")
    if not crash:
        return False
    target, wanted, count, when, flag = crash.split("|", 4)
    return (target, wanted, int(count), when) == (TARGET, point, number, moment) and not Path(flag).exists()


def _pass(point: str, number: int, moment: str) -> None:
    if _is_here(point, number, moment):
        _die()


def _die() -> None:
    flag = os.environ["CRASH"].split("|", 4)[4]
    os.close(os.open(flag, os.O_CREAT | os.O_WRONLY))
    os.kill(os.getpid(), signal.SIGKILL)


def _around(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        point = _place(kind, "")
        number = _begin(point)
        _pass(point, number, "before")
        answer = function(*arguments, **options)
        _pass(point, number, "after")
        return answer

    return wrapped


def _opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
    """As `open`; a file that is written passes four moments."""
    if not isinstance(file, str | os.PathLike) or not set(mode) & set("wax+"):
        return _open(file, mode, *arguments, **options)
    point = _place("write", os.fspath(file))
    number = _begin(point)
    _pass(point, number, "before")
    handle: Any = _open(file, mode, *arguments, **options)
    _pass(point, number, "empty")
    begin = os.fstat(handle.fileno()).st_size
    close = handle.close

    def closed() -> None:
        if not handle.closed and _is_here(point, number, "half"):
            _leave_half(handle, begin)
        was_open = not handle.closed
        close()
        if was_open:
            _pass(point, number, "after")

    handle.close = closed
    if "+" in mode or "a" in mode:
        handle.truncate = _around("truncate", handle.truncate)
    return handle


def _leave_half(handle: Any, begin: int) -> None:  # noqa: ANN401
    """End as a kill in the middle of writing does: with the first half of the new bytes on the disk."""
    handle.flush()
    number = handle.fileno()
    if stat.S_ISREG(os.fstat(number).st_mode):
        _ftruncate(number, begin + (os.fstat(number).st_size - begin) // 2)
    _die()


TARGET = _target()
_open, _ftruncate = builtins.open, os.ftruncate
if ("CRASH" in os.environ or "CRASH_LOG" in os.environ) and TARGET != "other":
    os.rename, os.replace = _around("rename", os.rename), _around("rename", os.replace)
    os.truncate, os.ftruncate = _around("truncate", os.truncate), _around("truncate", os.ftruncate)
    fcntl.flock = _around("lock", fcntl.flock)
    builtins.open = io.open = _opened
    shutil.copytree = _around("write", shutil.copytree)
    if os.environ.get("CRASH", "").startswith(f"{TARGET}|time|"):
        _, _, _number, _, _flag = os.environ["CRASH"].split("|", 4)
        if not Path(_flag).exists():
            _timer = threading.Timer(int(_number) / 100, _die)
            _timer.daemon = True
            _timer.start()
