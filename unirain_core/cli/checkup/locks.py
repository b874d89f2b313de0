"""Who holds what: DVC's two lock files, its list of the files in use, and the locks of our stages."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from unirain_core.artefacts import dvc_files
from unirain_core.artefacts.dvc_files import GUARDS
from unirain_core.artefacts.torn import LOCK, RWLOCK
from unirain_core.cli.checkup.finding import Finding, State
from unirain_core.engine.life import is_held
from unirain_core.errors import UniRainError

_REMOVE = f"remove {RWLOCK} while no DVC is at work here"

Holder = tuple[int, str]
"""Process and command, as DVC notes them."""


def locks(root: Path, home: Path) -> Iterator[Finding]:
    """Half-written files of DVC, files in use, and stages that run.

    Args:
        root: of the project.
        home: of the work store.
    """
    try:
        notes = dvc_files.heal(root)
    except UniRainError as error:
        yield Finding(State.BROKEN, str(error))
    else:
        state = State.NOTE if dvc_files.is_whole_lock(root) else State.BROKEN
        yield from (Finding(state, note) for note in notes)
        if not notes:
            yield Finding(State.FINE, "dvc.lock and DVC's rwlock are whole")
        yield from _of_dvc(root)
    yield from _of_stages(home)


def _of_dvc(root: Path) -> Iterator[Finding]:
    """The running commands that DVC has noted; it takes away those whose process is gone by itself."""
    if is_held(root / GUARDS[LOCK]):
        yield _held(root / GUARDS[LOCK], "DVC is at work")
    try:
        holders = _holders(root)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Finding(State.BROKEN, f"{RWLOCK} holds what DVC never writes; {_REMOVE}")
        return
    for (pid, command), number in holders.items():
        running = _command(pid)
        held = f"{RWLOCK} has {number} files and folders of process {pid} (`{command}`)"
        if not running:
            yield Finding(State.NOTE, f"{held}, which is gone; the next DVC that needs them frees them")
        elif _is_same(command, running):
            yield Finding(State.NOTE, f"{held}, which is running")
        else:
            yield Finding(
                State.BROKEN,
                f"{held}, but that process is now `{running}`; DVC takes it for alive and refuses to run; {_REMOVE}",
            )


def _holders(root: Path) -> Mapping[Holder, int]:
    """Each command that is noted, with the number of its files; none where there is no list.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is no list of DVC's; half of one was healed before.
    """
    if not (root / RWLOCK).exists():
        return {}
    content = json.loads((root / RWLOCK).read_bytes())
    holders: dict[Holder, int] = {}
    for entries in content.values():
        for entry in entries.values():
            for one in entry if isinstance(entry, list) else [entry]:
                holder = (int(one["pid"]), str(one["cmd"]))
                holders[holder] = holders.get(holder, 0) + 1
    return holders


def _of_stages(home: Path) -> Iterator[Finding]:
    files = sorted(file for file in (home / "locks").glob("*.lock") if file.is_file())
    held = [file for file in files if is_held(file)]
    yield from (_held(file, f"'{file.stem}' runs") for file in held)
    if not held:
        yield Finding(State.FINE, f"no stage runs; nobody holds one of the {len(files)} lock files in {home}")


def _held(file: Path, what: str) -> Finding:
    """The holder of a lock file, who writes the process into it, and we also the project."""
    pid, _, project = file.read_text(encoding="utf-8", errors="replace").strip().partition("\n")
    running = _command(int(pid)) if pid.isdecimal() else ""
    holder = f"process {pid} (`{running}`)" if running else f"what process {pid or 'unknown'} left behind"
    where = f" for the project in {project}" if project else ""
    return Finding(State.NOTE, f"{what}: {holder} holds {file}{where}")


def _command(pid: int) -> str:
    """The command line of a process; empty where there is no such process."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return words.replace("\0", " ").strip() or "a process without a command line"


def _is_same(noted: str, running: str) -> bool:
    """Whether a process still is the command that was noted, or another one got its number.

    DVC notes the words of the program without Python before them, and the program by another path where Python found it.

    >>> _is_same("/bin/dvc repro", "/bin/python /bin/dvc repro"), _is_same("/bin/dvc repro", "sleep 9")
    (True, False)
    """
    program, *arguments = noted.split() or [""]
    return (
        running.endswith(" ".join(arguments)) and Path(program).name.removesuffix(".py").strip("_") in running
    )
