"""The lines of a journal: what they say, how they are written, and which of them can be believed."""

import hashlib
import json
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, TypeGuard, get_args

Kind = Literal["start", "metrics", "picture", "file", "failed", "finish", "current"]
"""`file`: a small text beside the journal, such as its params. `current`: a training that had finished before is what params ask for, again."""

KEY_TAG = "unirain.key"
"""Of a run and of a model's version: the training's key."""

_KINDS = frozenset(get_args(Kind))
_KEY = re.compile(r"[\w-]+")
"""A training's key is also the name of a folder."""


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

    @classmethod
    def of(cls, content: object) -> Self:
        """The dataset that an entry of a start holds.

        Raises:
            ValueError: it holds none.
        """
        names = [field.name for field in fields(cls)]
        if not _is_flat(content) or not set(names) <= set(content):
            raise ValueError(f"a start with an incomplete dataset: {content}")
        return cls(**{name: content[name] for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The facts of a training before its first step."""

    key: str
    """Of everything that determines its result."""
    variant: str
    params: Mapping[str, str]
    """Flat, so that runs can be compared."""
    tags: Mapping[str, str]
    datasets: Sequence[Dataset]
    name: str = ""
    """Of its run: it tells what differs from the variant's other trainings; empty: the variant's."""
    description: str = ""
    """A few sentences about it, in Markdown."""

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The start that a line holds.

        Raises:
            ValueError: it holds none.
        """
        key, variant = content.get("key"), content.get("variant")
        params, tags, datasets = content.get("params"), content.get("tags"), content.get("datasets")
        if not (isinstance(key, str) and _KEY.fullmatch(key) and isinstance(variant, str)):
            raise ValueError(f"a start without key or variant: {content}")
        if not (_is_flat(params) and _is_flat(tags) and isinstance(datasets, list)):
            raise ValueError(f"a start without params, tags or datasets: {content}")
        texts = {
            name: content.get(name, "") for name in ("name", "description")
        }  # an older program's has none
        if not _is_flat(texts):
            raise ValueError(f"a start whose name or description is no text: {content}")
        return cls(
            key=key,
            variant=variant,
            params=params,
            tags=tags,
            datasets=[Dataset.of(dataset) for dataset in datasets],
            **texts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The result of a training."""

    metrics: Mapping[str, float]
    """Figures of the best checkpoint, `best/...`."""
    checkpoint: str
    """Its folder, relative to the project's root; a later training replaces what it holds."""
    sha256: str
    """Hash of its weights."""
    psnr: float
    """Decides which version is the champion; dB."""

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The finish that a line holds.

        Raises:
            ValueError: it holds none.
        """
        metrics, psnr = content.get("metrics"), content.get("psnr")
        texts = {name: content.get(name, "") for name in ("checkpoint", "sha256")}
        if not (
            _are_figures(metrics) and _is_figure(psnr) and all(isinstance(t, str) for t in texts.values())
        ):
            raise ValueError(f"a finish with missing or wrong fields: {content}")
        return cls(metrics=metrics, psnr=psnr, **texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line."""

    kind: Kind
    step: int
    time: int
    """Milliseconds since 1970."""
    name: str = ""
    """Of a picture: what it shows; of a file: its name; of a failure: what was wrong."""
    file: str = ""
    """Of a picture or file: relative to the journal's folder."""
    metrics: Mapping[str, float] | None = None
    content: dict[str, Any] | None = None
    """Of a start or finish: its fields."""


def line_of(event: Event) -> str:
    """The event as a line of JSON with its checksum and a line's end."""
    facts = {name: value for name, value in asdict(event).items() if value not in ("", None)}
    return json.dumps(facts | {"crc": _checksum(facts)}, allow_nan=False) + "\n"


def event_of(line: bytes) -> Event | None:
    """The event that a line holds; None where it is damaged.

    Fields and kinds that a newer program may have added are passed over. Lines of an older program have no checksum.
    """
    try:
        facts = json.loads(line)
        if not isinstance(facts, dict):
            return None
        checksum = facts.pop("crc", None)
        if checksum not in (None, _checksum(facts)):
            return None
        names = {field.name for field in fields(Event)}
        event = Event(**{name: value for name, value in facts.items() if name in names})
        return event if _is_sound(event) else None
    except (ValueError, TypeError, RecursionError):
        return None


def fingerprint(events: Sequence[Event]) -> str:
    """A few characters that stand for events in their order."""
    checksum = 0
    for event in events:
        checksum = zlib.crc32(line_of(event).encode(), checksum)
    return f"{len(events)}-{checksum:08x}"


def group_of(start: Start) -> str:
    """8 hex digits for trainings whose validation figures can be compared: equal data, profile and rain types."""
    validation = [dataset.md5 for dataset in start.datasets if dataset.context == "validation"]
    rain_types = sorted(start.params.get("rain_types", "").split(", "))
    facts = (validation, start.tags.get("unirain.profile", ""), rain_types)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]


def _checksum(facts: Mapping[str, object]) -> str:
    return f"{zlib.crc32(json.dumps(facts).encode()):08x}"


def _is_sound(event: Event) -> bool:
    """Whether all fields are of their types; a start's and a finish's raise ValueError where theirs are not."""
    is_plain = event.kind in _KINDS and type(event.step) is int and type(event.time) is int
    if not is_plain or not isinstance(event.name, str) or not isinstance(event.file, str):
        return False
    match event.kind:
        case "start":
            return isinstance(event.content, dict) and bool(Start.of(event.content).key)
        case "finish":
            return isinstance(event.content, dict) and Finish.of(event.content) is not None
        case "metrics":
            return _are_figures(event.metrics)
        case "picture" | "file":
            return bool(event.name) and ".." not in event.file.split("/") and not event.file.startswith("/")
        case _:
            return True


def _is_flat(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())


def _is_figure(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_figures(value: object) -> TypeGuard[dict[str, float]]:
    return isinstance(value, dict) and all(map(_is_figure, value.values()))
