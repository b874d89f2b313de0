"""Whether the code that a process has loaded is the code with which its stage began.

Workers start later than their stage, and load what stands on the disk by then. Their results are kept under the version of
the algorithm that the stage has loaded.
"""

import os
import sys
import time
from collections.abc import Collection
from pathlib import Path

from unirain_core.errors import EditedError

BEGAN = "UNIRAIN_BEGAN"
"""Environment variable: when the stage's process started, in nanoseconds since 1970."""


def note_begin() -> None:
    """Hand the start of this process to the workers.

    Raises:
        EditedError: this process has loaded code that was edited after it had started.
    """
    os.environ[BEGAN] = str(_started())
    demand_unedited(int(os.environ[BEGAN]), sys.modules)


_looked_at: set[str] = set()
"""Modules of this process that were older than the stage; an edit after they were loaded changes nothing here."""


def demand_code_of_the_stage() -> None:
    """Refuse to compute with other code than the stage's; looks at the modules that were loaded since the last look.

    Raises:
        EditedError: a module that this process has loaded was edited after the stage had begun.
    """
    if began := os.environ.get(BEGAN):
        fresh = {name for name in list(sys.modules) if name.startswith("unirain_core.")} - _looked_at
        demand_unedited(int(began), fresh)
        _looked_at.update(fresh)


def demand_unedited(began: int, modules: Collection[str]) -> None:
    """Compare the times at which modules of this package last changed on the disk.

    Args:
        began: nanoseconds since 1970.
        modules: names of loaded modules; the command line's own take no part in results.

    Raises:
        EditedError: one of them is newer.
    """
    for name in sorted(modules):
        file = getattr(sys.modules.get(name), "__file__", None)
        if name.startswith("unirain_core.") and not name.startswith("unirain_core.cli.") and file:
            demand_unedited_file(began, Path(file))


def demand_unedited_file(began: int, path: Path) -> None:
    """Compare the time at which a file last changed.

    Raises:
        EditedError: it is newer than `began`, or gone.
    """
    # a change in the future is a clock that was set back, not an edit
    if not path.exists() or began < path.stat().st_ctime_ns <= time.time_ns():
        raise EditedError(
            f"{path} was edited while the stage started its processes, so that old and new code would mix; "
            "finished work is kept: run the same command again"
        )


def _started() -> int:
    """When this process started, by the kernel's count of ticks since boot."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time_ns() - int(age * 1e9)
