"""The one way in which the interface runs a stage: `dvc repro`, as a child that never outlives the run."""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Literal

import dagster as dg

from unirain_assets.notable import Notable
from unirain_core.artefacts import dvc_files
from unirain_core.errors import BusyError, UniRainError

Outcome = Literal["ran", "restored", "fresh"]
"""The stage's command ran; DVC restored its outs from the run cache; nothing had changed."""

Log = Callable[[str], None]

_TAIL = 40
_BUSY = ("is busy, it is being blocked by", "Unable to acquire lock", " runs already (process")


class StageError(UniRainError):
    """A stage's command, or DVC itself, ended with an error."""


class Dvc(dg.ConfigurableResource["Dvc"]):
    """Runs DVC in the project's root."""

    root: str
    """Folder of dvc.yaml."""
    grace: float = 10.0
    """Seconds that a cancelled stage has to end by itself before it is ended."""

    def repro(self, address: str, log: Log, *, force: bool = False) -> Outcome:
        """Reproduce one step, without its upstream.

        Every line goes to stdout; `log` gets what DVC decides, and what the stage says of its work.

        Args:
            address: name by which DVC knows the step.
            log: receives the notable lines.
            force: run also what has not changed.

        Returns:
            What happened.

        Raises:
            BusyError: another process runs a stage that this one touches.
            StageError: the command failed; the message ends with its last lines.
        """
        for note in dvc_files.heal(Path(self.root)):
            log(note)
        forced = ["--force"] if force else []
        process = self._start(["--wait-for-lock", "repro", "--single-item", address, *forced])
        notable = Notable(address)
        tail: deque[str] = deque(maxlen=_TAIL)
        seen: set[Outcome] = set()
        try:
            for line in _lines(process):
                tail.append(line)
                sys.stdout.write(line + "\n")
                if notable.has(line):
                    log(line)
                seen.add(_outcome(line))
            code = process.wait()
        except BaseException:  # Dagster's interrupt is one
            end_group(process, self.grace)
            raise
        if code:
            raise _failure(address, code, "\n".join(tail), Path(self.root))
        return next((outcome for outcome in ("ran", "restored") if outcome in seen), "fresh")

    def _start(self, arguments: list[str]) -> subprocess.Popen[str]:
        launcher = [sys.executable, "-m", "unirain_assets.launcher", str(os.getpid()), "-m", "dvc"]
        return subprocess.Popen(
            [*launcher, *arguments],
            cwd=self.root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )


def end_group(process: subprocess.Popen[str], grace: float) -> None:
    """End a process and all that it started: ask, ask again, then kill.

    DVC ignores SIGINT while a stage runs, but waits for the stage, which does not: its locks end clean.
    """
    for number, patience in ((signal.SIGINT, grace), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def holders(root: Path) -> list[str]:
    """The commands that hold one of DVC's locks now, as `process N: command`."""
    try:
        entries = json.loads((root / ".dvc/tmp/rwlock").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return []
    infos = [*entries.get("write", {}).values(), *chain.from_iterable(entries.get("read", {}).values())]
    alive = {i["pid"]: i["cmd"] for i in infos if i and Path(f"/proc/{i['pid']}").exists()}
    return [f"process {pid}: {alive[pid]}" for pid in sorted(alive)]


def _environment() -> dict[str, str]:
    """The commands of this Python's environment come first, whether or not it is activated."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return os.environ | {"PATH": path, "PYTHONUNBUFFERED": "1", "DVC_NO_ANALYTICS": "1"}


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    return (line.rstrip("\n") for line in process.stdout or ())


def _outcome(line: str) -> Outcome:
    if line.startswith("Running stage "):
        return "ran"
    return "restored" if " is cached - skipping run" in line else "fresh"


def _failure(what: str, code: int, tail: str, root: Path) -> UniRainError:
    if any(sign in " ".join(tail.split()) for sign in _BUSY):
        held = "; ".join(holders(root)) or "another DVC command"
        return BusyError(f"{what} waits for what another process holds ({held}); it is tried again")
    return StageError(f"{what}: `dvc repro` ended with code {code}; its last lines:\n{tail}")
