"""The two files that DVC overwrites in place: a kill can leave half of one, and then every DVC command fails.

DVC empties `dvc.lock` and `.dvc/tmp/rwlock` before it writes them. What else it writes in a run is renamed into place, is
a database, or is a lock file whose content nobody reads (seen by recording every file that DVC 3.67 opens for writing).
The last whole `dvc.lock` is therefore kept beside DVC's own temporary files:

    .dvc/tmp/dvc.lock.last    the last dvc.lock that was seen whole
    .dvc/tmp/dvc.lock.torn    the half file that was put aside, for a person
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from unirain_core.artefacts.torn import (
    LOCK,
    RWLOCK,
    TMP,
    is_whole_lock_file,
    is_whole_rwlock,
)
from unirain_core.artefacts.whole import whole_file
from unirain_core.config.lock import CONFLICT, has_conflict_marks
from unirain_core.errors import ArtefactError, BusyError

LAST = TMP / "dvc.lock.last"
TORN = TMP / "dvc.lock.torn"
GUARDS = {LOCK: TMP / "lock", RWLOCK: TMP / "rwlock.lock"}
"""The lock file that DVC holds (flock) while it writes the other; the kernel frees it when DVC is killed."""

_PATIENCE = 10.0
"""Seconds to wait for a DVC that is writing: it writes dvc.lock within a second."""
_PAUSE = 0.05


def heal(root: Path) -> list[str]:
    """Put right what a killed DVC left half written, and keep a copy of a whole dvc.lock.

    A stage that DVC itself started heals nothing: that DVC lives, and has read its files already. Where DVC could
    read a dvc.lock that lacks its end, the stage ends with an error, since DVC would make the half entry a whole one.

    Returns:
        A sentence for a person about each file that was put right, or that only a person can put right.

    Raises:
        BusyError: a living DVC needs the file that is half written.
        ArtefactError: DVC started this stage with half a dvc.lock.
    """
    if not (root / ".dvc").is_dir():
        return []
    if "DVC_STAGE" in os.environ:
        _refuse_half_lock(root)
        _keep(root)
        return []
    return [*_heal_lock(root), *_heal_rwlock(root)]


def is_whole_lock(root: Path) -> bool:
    """Whether dvc.lock is all that DVC wrote; a project in which nothing has run has none, which is whole too."""
    return not (root / LOCK).exists() or _is_kept(root) or is_whole_lock_file(root, root / LOCK)


def _refuse_half_lock(root: Path) -> None:
    if is_whole_lock(root):
        return
    with _guard(root, LOCK, is_whole_lock) as is_torn:
        if is_torn:
            raise ArtefactError(
                "dvc.lock was half written by a DVC that was killed: run `unirain prepare`, which puts it right, "
                "then the same command again"
            )


def _heal_lock(root: Path) -> list[str]:
    if is_whole_lock(root):
        _keep(root)
        return []
    if has_conflict_marks(root / LOCK):
        return [CONFLICT]
    with _guard(root, LOCK, is_whole_lock) as is_torn:
        if not is_torn:
            return []
        _copy(root / LOCK, root / TORN)
        if (root / LAST).is_file() and is_whole_lock_file(root, root / LAST):
            _copy(root / LAST, root / LOCK)
            return [
                f"dvc.lock was half written by a DVC that was killed. It is again as it was before that write; {_KEPT}"
            ]
        (root / LOCK).unlink()
    return [f"dvc.lock was half written by a DVC that was killed. It is removed; {_KEPT}"]


_KEPT = f"the next `dvc repro` writes the rest from finished work (the half file is now {TORN})"


def _heal_rwlock(root: Path) -> list[str]:
    if is_whole_rwlock(root):
        return []
    with _guard(root, RWLOCK, is_whole_rwlock) as is_torn:
        if not is_torn:
            return []
        living = _living_dvc(root)
        if living:
            raise BusyError(
                f"{RWLOCK} was half written by a DVC that was killed, and another DVC is at work here "
                f"({'; '.join(living)}); wait for it to end, then run `unirain prepare`"
            )
        (root / RWLOCK).unlink()
    return [f"{RWLOCK} was half written by a DVC that was killed; it is removed, and no DVC needs it now"]


@contextlib.contextmanager
def _guard(root: Path, file: Path, is_whole: Callable[[Path], bool]) -> Iterator[bool]:
    """Hold the lock that DVC holds while it writes a file.

    A file that is torn while we hold the lock was left by a dead DVC.

    Yields:
        Whether the file is torn; False also where its writer finished it meanwhile.

    Raises:
        BusyError: the file stays torn and another process keeps holding the guard.
    """
    guard = root / GUARDS[file]
    guard.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + _PATIENCE
    with guard.open("a", encoding="utf-8") as handle:
        while not _is_free(handle.fileno()):
            if is_whole(root):
                yield False
                return
            if time.monotonic() > deadline:
                holders = "; ".join(_living_dvc(root)) or "another process"
                raise BusyError(
                    f"{file} is half written and DVC is at work here ({holders}); "
                    "wait for it to end, then run `unirain prepare`"
                )
            time.sleep(_PAUSE)
        yield not is_whole(root)


def _is_free(descriptor: int) -> bool:
    """Whether the lock could be taken; it is then ours until the file is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _living_dvc(root: Path) -> list[str]:
    """Other processes of DVC whose folder is the project or lies in it, as `process N: command`."""
    commands = []
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda p: int(p.name)):
        try:
            words = (process / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
            is_here = (process / "cwd").readlink().is_relative_to(root.resolve())
        except OSError:  # it has ended, or is another person's
            continue
        is_dvc = any(Path(word).name == "dvc" for word in words[:4])
        if is_dvc and is_here and int(process.name) != os.getpid():
            commands.append(f"process {process.name}: {' '.join(words).strip()}")
    return commands


def _is_kept(root: Path) -> bool:
    """Whether dvc.lock is equal to the copy, which is only made of a whole one; spares reading the YAML."""
    last = root / LAST
    return last.is_file() and last.read_bytes() == (root / LOCK).read_bytes()


def _keep(root: Path) -> None:
    """Copy dvc.lock where it is whole; checked in the copy, as another DVC may begin to write at this moment."""
    if not (root / LOCK).exists() or _is_kept(root):
        return
    guard, candidate = root / TMP / "dvc.lock.guard", root / TMP / "dvc.lock.candidate"
    # a disk may be full or read-only: without a copy, healing removes the half file
    with contextlib.suppress(OSError):
        guard.parent.mkdir(parents=True, exist_ok=True)
        with guard.open("a", encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)  # two stages may start at once
            _copy(root / LOCK, candidate)
            if is_whole_lock_file(root, candidate):
                candidate.replace(root / LAST)


def _copy(source: Path, target: Path) -> None:
    content = source.read_bytes()
    with whole_file(target) as file:
        file.write(content)
