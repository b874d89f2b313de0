"""`unirain gc`: remove finished work that nothing refers to any more."""

import contextlib
from pathlib import Path

from unirain_core.engine.life import lock
from unirain_core.engine.store import WorkStore, collect


def gc() -> None:
    """Remove what the last run of no stage referred to, and say how much that freed.

    Raises:
        BusyError: a stage is running.
    """
    home = WorkStore.at(Path.cwd(), "gc").home
    before = _size(home)
    with contextlib.ExitStack() as locks:
        for file in sorted((home / "locks").glob("*.lock")):
            locks.enter_context(lock(file, f"stage '{file.stem}'"))
        removed = collect(home)
    print(f"{len(removed)} pieces of finished work removed, {(before - _size(home)) / 1e6:.1f} MB freed")


def _size(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
