"""The journal of a training: one JSON line per event, written before anything else hears of it."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

LINES = "journal.jsonl"
PICTURES = "pictures"
EARLIER = "earlier"

Kind = Literal["start", "metrics", "picture", "failed", "finish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Data that a training reads, by reference."""

    name: str
    path: str
    """Relative to the project's root."""
    md5: str
    """Content hash, as DVC has it of the same file."""
    context: str
    """Training or validation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is known of a training before its first step."""

    key: str
    """Of everything that determines its result."""
    variant: str
    params: Mapping[str, str]
    """Flat, so that runs can be compared."""
    tags: Mapping[str, str]
    datasets: Sequence[Dataset]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What a training has led to."""

    metrics: Mapping[str, float]
    """Figures of the best checkpoint, `best/...`."""
    checkpoint: str
    """Its folder, relative to the project's root."""
    sha256: str
    """Hash of its weights."""
    psnr: float
    """What the champion is chosen by; dB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line."""

    kind: Kind
    step: int
    time: int
    """Milliseconds since 1970."""
    name: str = ""
    """Of a picture: what it shows; of a failure: what was wrong."""
    file: str = ""
    """Of a picture: relative to the journal's folder."""
    metrics: Mapping[str, float] | None = None
    content: dict[str, object] | None = None
    """Of a start or finish: its fields."""


def _now() -> int:
    return int(time.time() * 1000)


class Journal:
    """Appends the events of one training; what stands there already is not written again.

    A resumed training repeats the steps after its snapshot; its first account of them stays.
    """

    def __init__(self, folder: Path, clock: Callable[[], int] = _now) -> None:
        self._folder, self._clock = folder, clock
        self._listener: Callable[[], None] = lambda: None
        folder.mkdir(parents=True, exist_ok=True)
        _drop_torn_line(folder / LINES)
        self._known = {(e.kind, e.step, e.name) for e in read(folder)}

    @classmethod
    def begin(cls, folder: Path, start: Start, clock: Callable[[], int] = _now) -> Self:
        """The journal of this training; that of another one in the same folder is put aside, and one of this
        training that was put aside earlier comes back."""
        known = next((e.content for e in read(folder) if e.kind == "start" and e.content), None)
        if known is not None and known["key"] != start.key:
            _move(folder, folder / EARLIER / str(known["key"]))
        if (folder / EARLIER / start.key).is_dir():
            _move(folder / EARLIER / start.key, folder)
        journal = cls(folder, clock)
        journal._append("start", 0, content=asdict(start))
        return journal

    def listen(self, listener: Callable[[], None]) -> None:
        """Call the listener after every further line."""
        self._listener = listener

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Note finite figures after so many steps."""
        self._append("metrics", step, metrics=metrics)

    @contextmanager
    def picture(self, step: int, name: str) -> Iterator[Path]:
        """Yield the file to write a picture to, and note it afterwards."""
        file = self._folder / PICTURES / f"{name}-{step:07d}.png"
        file.parent.mkdir(exist_ok=True)
        yield file
        self._append("picture", step, name=name, file=f"{PICTURES}/{file.name}")

    def failed(self, why: str) -> None:
        """Note that the training broke off."""
        self._append("failed", 0, name=why)

    def finish(self, finish: Finish) -> None:
        """Note what it has led to."""
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
        if (kind, step, name) in self._known:
            return
        self._known.add((kind, step, name))
        event = Event(
            kind=kind, step=step, time=self._clock(), name=name, file=file, metrics=metrics, content=content
        )
        line = {key: value for key, value in asdict(event).items() if value not in ("", None)}
        with (self._folder / LINES).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line, allow_nan=False) + "\n")
            lines.flush()
            os.fsync(lines.fileno())
        self._listener()


def read(folder: Path) -> list[Event]:
    """All whole lines of a journal, in order; none where there is no journal."""
    file = folder / LINES
    if not file.exists():
        return []
    *whole, _torn = file.read_text(encoding="utf-8").split("\n")
    return [Event(**json.loads(line)) for line in whole]


def folders(runs: Path) -> list[Path]:
    """Every folder below `runs` that holds a journal, those put aside included."""
    return sorted(file.parent for file in runs.rglob(LINES))


def _drop_torn_line(file: Path) -> None:
    """A kill can leave half a line at the end."""
    if file.exists():
        content = file.read_bytes()
        os.truncate(file, content.rfind(b"\n") + 1)


def _move(source: Path, target: Path) -> None:
    """Move all of a journal's files; what has been put aside below the source stays."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in [e for e in source.iterdir() if e.name != EARLIER]:
        entry.rename(target / entry.name)
    if source.parent.name == EARLIER:
        source.rmdir()
