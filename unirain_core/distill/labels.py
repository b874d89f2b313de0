"""Labels: people's answers whether pairs are reliable, one line of a CSV file for each answer."""

import csv
import fcntl
import io
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unirain_core.errors import ConfigError, MissingInputError

HEADER = ("pair_id", "person", "reliable", "fault")
ANSWERS = {"yes": True, "no": False, "unsure": None}
"""Word in the column `reliable`, and its meaning (None: unsure)."""

WORDS = {answer: word for word, answer in ANSWERS.items()}
"""The same the other way: a meaning, and its word."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Label:
    """One person's answer about one pair."""

    pair_id: str
    person: str
    reliable: bool | None
    """None: the person is unsure."""
    fault: str
    """A word for the fault of the pair; empty where the pair is reliable, or the person names no fault."""

    def __post_init__(self) -> None:
        """Refuse a label that a line of the file cannot hold.

        Raises:
            ValueError: an empty name, a line break, spaces around a word, or a reliable pair with a fault.
        """
        for name, text in (("pair_id", self.pair_id), ("person", self.person)):
            if not text:
                raise ValueError(f"{name} is empty")
        for name, text in (("pair_id", self.pair_id), ("person", self.person), ("fault", self.fault)):
            if "\n" in text or "\r" in text:  # one label would become two lines
                raise ValueError(f"{name} {text!r} has a line break")
        for name, text in (("person", self.person), ("fault", self.fault)):
            if text != text.strip():  # a file's name may have such spaces, hence a pair_id too
                raise ValueError(f"{name} {text!r} has spaces around it")
        if self.reliable and self.fault:
            raise ValueError(f"a reliable pair has no fault, found {self.fault!r}")


def read(path: Path) -> list[Label]:
    """The labels of a file, in the order in which each person first answered for each pair.

    A later line of the same person and pair replaces an earlier one. A last line without its end is left out with a
    warning, since a kill may have cut it.

    Raises:
        MissingInputError: there is no such file.
        ConfigError: it is a folder, or a line is malformed; the message names file and line.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise MissingInputError(
            f"{path} does not exist: it holds people's labels; make it with `unirain review`"
        ) from None
    except IsADirectoryError:
        raise ConfigError(
            f"{path} is a folder, and labels stand in a file; name a file, such as {path / 'review.csv'}"
        ) from None
    end = _end_of_whole_lines(content)
    if content[end:]:
        cut = content[end:].decode(errors="replace")
        logger.warning(
            "%s: the last line, %r, has no end: a kill may have cut it, so it is left out and the next label overwrites "
            "it; put a line break after it if it is whole",
            path,
            cut,
        )
    labels: dict[tuple[str, str], Label] = {}
    for label in _labels(path, content[:end]):
        labels[label.person, label.pair_id] = label
    return list(labels.values())


def read_if_any(path: Path) -> list[Label]:
    """As `read`; none where nobody has labelled anything yet."""
    return read(path) if path.exists() else []


def append(path: Path, label: Label) -> None:
    """Add a label, which is on the disk when this returns; several processes may write to one file.

    Raises:
        OSError: the disk is full or does not answer.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
        file.seek(0)
        end = _end_of_whole_lines(file.read())
        file.truncate(end)  # removes a last line that a kill cut
        row = (label.pair_id, label.person, WORDS[label.reliable], label.fault)
        file.write(_line(row) if end else _line(HEADER) + _line(row))
        file.flush()
        os.fsync(file.fileno())


def _end_of_whole_lines(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def _line(fields: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue().encode()


def _labels(path: Path, content: bytes) -> Iterator[Label]:
    """The labels of whole lines; a spreadsheet's line ends, byte order mark and empty last lines are accepted."""
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise _malformed(path, number, "it is no UTF-8") from None
    for number, line in enumerate(lines, start=1):
        text = line.removesuffix("\r")
        if number == 1 and text:
            if _fields(path, number, text) != HEADER:
                raise _malformed(path, number, f"the header `{','.join(HEADER)}` is expected, found {text!r}")
        elif text:
            yield _label(path, number, _fields(path, number, text))
        elif any(lines[number:]):
            raise _malformed(path, number, "it is empty")


def _fields(path: Path, number: int, text: str) -> tuple[str, ...]:
    try:
        (fields,) = csv.reader([text], strict=True)
    except csv.Error as error:
        raise _malformed(path, number, f"{error} in {text!r}") from None
    return tuple(fields)


def _label(path: Path, number: int, fields: tuple[str, ...]) -> Label:
    if len(fields) != len(HEADER):
        raise _malformed(
            path, number, f"{len(HEADER)} fields are expected ({','.join(HEADER)}), found {len(fields)}"
        )
    pair_id, person, word, fault = fields
    if word not in ANSWERS:
        raise _malformed(path, number, f"reliable is yes, no or unsure, found {word!r}")
    try:
        return Label(pair_id, person, ANSWERS[word], fault)
    except ValueError as error:
        raise _malformed(path, number, str(error)) from None


def _malformed(path: Path, number: int, what: str) -> ConfigError:
    return ConfigError(f"{path}: line {number}: {what}; correct the line")
