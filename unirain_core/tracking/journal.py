"""The journal of a training: one JSON line per event, written before anything else hears of it.

A journal may be damaged or gone. Every line carries its checksum; a damaged line is left out, the others stay, and the
training goes on.
"""

import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Self

from unirain_core.artefacts.whole import whole_file, write_text
from unirain_core.tracking.aside import put_aside
from unirain_core.tracking.events import Event, Finish, Kind, Start, event_of, line_of

logger = logging.getLogger(__name__)

LINES = "journal.jsonl"
PICTURES, FILES = "pictures", "files"
EARLIER = "earlier"
_NAMELESS = "nameless"
"""Folder below EARLIER for the lines of a journal that no longer says whose it is."""


def _now() -> int:
    return int(time.time() * 1000)


class Journal:
    """Appends the events of one training; what stands there already is not written again.

    A resumed training repeats the steps after its snapshot; its first account of them stays.
    A journal that cannot be written says so once, and the training goes on without it.
    """

    def __init__(self, folder: Path, clock: Callable[[], int] = _now) -> None:
        self._folder, self._clock = folder, clock
        self._listener: Callable[[], None] = lambda: None
        self._is_mute = False
        with self._unless_mute():
            _mend(folder)
        self._written = {(e.kind, e.step, e.name) for e in read(folder)}

    @classmethod
    def begin(cls, folder: Path, start: Start, clock: Callable[[], int] = _now) -> Self:
        """The journal of this training.

        A journal of another training in the same folder is put aside. One of this training that was put aside earlier
        comes back.
        """
        try:
            _make_room(folder, start.key)
        except OSError as error:
            logger.warning("journal %s: %s", folder, error)
        journal = cls(folder, clock)
        other = start_of(read(folder))
        if other is not None and other.key != start.key:
            logger.warning(
                "journal %s is another training's and stays so: MLflow will not hear of this one", folder
            )
            journal._is_mute = True
        journal._append("start", 0, content=asdict(start))
        return journal

    def listen(self, listener: Callable[[], None]) -> None:
        """Call the listener after every further line."""
        self._listener = listener

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Note figures after so many steps; those that are not finite are left out."""
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        self._append("metrics", step, metrics=finite)

    def picture(self, step: int, name: str, content: bytes) -> None:
        """Keep a picture (PNG) beside the lines, and note it."""
        file = f"{PICTURES}/{name}-{step:07d}.png"
        if self._keep(file, content):
            self._append("picture", step, name=name, file=file)

    def file(self, name: str, content: str) -> None:
        """Keep a small text beside the lines, and note it; the first text of a name stays."""
        file = f"{FILES}/{name}"
        if ("file", 0, name) not in self._written and self._keep(file, content.encode()):
            self._append("file", 0, name=name, file=file)

    def _keep(self, name: str, content: bytes) -> bool:
        """Write a file below the folder; says whether it stands there."""
        file = self._folder / name
        if self._is_mute:  # the folder may be another training's
            return False
        try:
            _clear(file.parent, file.parent.is_dir())
            with whole_file(file) as opened:
                opened.write(content)
        except OSError as error:
            logger.warning("journal %s: no %s: %s", self._folder, name, error)
            return False
        return True

    def failed(self, why: str) -> None:
        """Note that the training broke off."""
        self._append("failed", 0, name=why)

    def finish(self, finish: Finish) -> None:
        """Note what it has led to; a training that had finished before is now the current one again."""
        if ("finish", 0, "") in self._written:
            self._append("current", 0)
        else:
            self._append("finish", 0, content=asdict(finish))

    def _append(
        self,
        kind: Kind,
        step: int,
        *,
        name: str = "",
        file: str = "",
        metrics: Mapping[str, float] | None = None,
        content: dict[str, object] | None = None,
    ) -> None:
        may_repeat = kind in ("failed", "current")
        if self._is_mute or ((kind, step, name) in self._written and not may_repeat):
            return
        self._written.add((kind, step, name))
        event = Event(
            kind=kind, step=step, time=self._clock(), name=name, file=file, metrics=metrics, content=content
        )
        with (
            self._unless_mute(),
            (self._folder / LINES).open("a", encoding="utf-8") as lines,
        ):
            lines.write(line_of(event))
            lines.flush()
            os.fsync(lines.fileno())
        self._listener()

    @contextmanager
    def _unless_mute(self) -> Iterator[None]:
        """Run the block; where the system refuses it, the journal says so and is silent from then on."""
        try:
            yield
        except OSError as error:
            self._is_mute = True
            logger.warning(
                "journal %s cannot be written (%s): the training goes on, and MLflow will not hear of the rest of it",
                self._folder,
                error,
            )


def read(folder: Path) -> list[Event]:
    """All sound lines of a journal, in order; none where there is no journal."""
    events, _damaged = _read(folder)
    return events


def start_of(events: list[Event]) -> Start | None:
    """Whose journal it is; None where the line that says so is lost."""
    for event in events:
        if event.kind == "start" and event.content is not None:
            return Start.of(event.content)
    return None


def folders(runs: Path) -> list[Path]:
    """Every folder below `runs` that holds a journal, those put aside included."""
    return sorted(file.parent for file in runs.rglob(LINES) if file.is_file())


def _read(folder: Path) -> tuple[list[Event], int]:
    """The sound lines, and how many others there are."""
    try:
        lines = (folder / LINES).read_bytes().split(b"\n")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return [], 0
    except OSError as error:
        logger.warning("journal %s cannot be read: %s", folder, error)
        return [], 0
    events = [event_of(line) for line in lines if line]
    sound = [event for event in events if event is not None]
    torn = lines[-1] != b""  # the last line lacks its end, so a kill tore it
    if torn and events[-1] is not None:
        sound.pop()
    return sound, len(events) - len(sound)


def _mend(folder: Path) -> None:
    """Make the folder and keep only its journal's sound lines."""
    _clear(folder, folder.is_dir())
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / LINES
    _clear(file, file.is_file())
    events, damaged = _read(folder)
    if damaged:
        logger.warning("journal %s: %d damaged lines are left out", folder, damaged)
        write_text(file, "".join(line_of(event) for event in events))


def _make_room(folder: Path, key: str) -> None:
    """Put the journal of another training aside, and bring back one of this training."""
    events = read(folder)
    start = start_of(events)
    earlier = folder / EARLIER
    if start is not None and start.key != key:
        _move(folder, earlier / start.key)
    elif start is None and events:
        logger.warning("journal %s: the line that says whose it is is lost; it is put aside", folder)
        if (earlier / _NAMELESS).exists():
            put_aside(earlier / _NAMELESS)
        _move(folder, earlier / _NAMELESS)
    if (earlier / key).is_dir():
        _move(earlier / key, folder)


def _clear(path: Path, is_right: bool) -> None:
    """Move a file that stands where a folder belongs, or the other way round, out of the way."""
    if path.exists() and not is_right:
        logger.warning("%s is no journal's; it is now %s", path, put_aside(path).name)


def _move(source: Path, target: Path) -> None:
    """Move all of a journal's files; what has been put aside below the source stays."""
    target.mkdir(parents=True, exist_ok=True)
    entries = [entry for entry in source.iterdir() if entry.name != EARLIER]
    for entry in entries:
        place = target / entry.name
        if place.is_dir() and entry.is_dir():  # a kill in the middle of an earlier move left it
            _move(entry, place)
            entry.rmdir()
        else:
            entry.rename(place)
    if source.parent.name == EARLIER:
        source.rmdir()
