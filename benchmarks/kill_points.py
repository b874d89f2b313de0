"""Every place where this program renames, truncates, writes or locks a file, by name, and whether it is killed there.

A name is `module.function:kind`. Kinds: rename, truncate, write (a file opened for writing, or a copy), lock (flock).
`benchmarks/crash.py` kills at every name of KILLED; tests/laws/test_kill_points.py holds both lists complete.
"""

from collections.abc import Mapping

WINDOWS = frozenset({"dvc.lock:write", "rwlock:write"})
"""Files that DVC empties before it writes them: a kill in between stops a bare `dvc repro`, `unirain prepare` heals."""

KILLED = frozenset(
    {
        *WINDOWS,
        "dvc:lock",
        "dvc:rename",
        "dvc:write",
    }
)
"""Points that a run of the whole pipeline passes."""

EXEMPT: Mapping[str, str] = {}
"""Points that it does not pass, and why no kill is needed there."""
