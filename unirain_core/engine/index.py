"""Where each finished row stands: sorted keys with a shard and a row number, 24 bytes a row.

A side file: garbage in it is noticed by its hash, and it is made anew from the shards. A stage's partitions share it. It
does not matter which of them wrote it last: who reads it adds the shards that it does not list, and leaves out those that
are gone.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.whole import whole_file
from unirain_core.engine.shelf import publish

logger = logging.getLogger(__name__)

KEY = np.dtype("S16")
Keys = NDArray[np.bytes_]
Numbers = NDArray[np.uint32]
Places = NDArray[np.int64]

_MAGIC = b"unirain index 1\n"
"""Then follow: the hash of the rest, the length of the names in bytes, the number of rows, the names, the columns."""
_LENGTH = np.dtype("<u8")
_NUMBER = np.dtype("<u4")


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Sorted keys and where each stands; of equal keys the newest comes first."""

    keys: Keys
    shards: Numbers
    rows: Numbers

    def sorted(self) -> "Segment":
        """The same, in the order of the keys; equal ones keep their order."""
        return self.at(np.argsort(self.keys, kind="stable"))

    def merged_into(self, older: "Segment") -> "Segment":
        """Both in one, without a copy of them beside it."""
        places = np.searchsorted(older.keys, self.keys)
        return Segment(
            np.insert(older.keys, places, self.keys),
            np.insert(older.shards, places, self.shards),
            np.insert(older.rows, places, self.rows),
        )

    def at(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> "Segment":
        """Some entries."""
        return Segment(self.keys[chosen], self.shards[chosen], self.rows[chosen])


@dataclass(slots=True)
class Index:
    """The finished rows of one algorithm of a stage."""

    names: list[str] = field(default_factory=list)
    """Shard number to its name."""
    segments: list[Segment] = field(default_factory=list)
    """Oldest first, each less than half of the one before: adding n rows one shard at a time costs n log n."""
    is_saved: bool = False

    def add(self, name: str, keys: bytes) -> None:
        """Enter a shard with the keys of its rows, 16 bytes each."""
        array = np.frombuffer(keys, KEY)
        shards = np.full(len(array), len(self.names), _NUMBER)
        self.names.append(name)
        self.is_saved = False
        self.segments.append(Segment(array, shards, np.arange(len(array), dtype=_NUMBER)).sorted())
        while len(self.segments) > 1 and len(self.segments[-2].keys) < 2 * len(self.segments[-1].keys):
            self._merge_newest()

    def _merge_newest(self) -> None:
        newest = self.segments.pop()
        self.segments.append(newest.merged_into(self.segments.pop()))

    def find(self, keys: Keys) -> tuple[Places, Places]:
        """Shard number and row number of each key; -1 where no shard has it."""
        # in the order of the keys, neighbours lie near each other in memory: a third less time among millions
        order = np.argsort(keys)
        wanted = keys[order]
        shards, rows = np.full(len(keys), -1, np.int64), np.full(len(keys), -1, np.int64)
        for segment in reversed(self.segments):
            if len(segment.keys) == 0:
                continue
            places = np.searchsorted(segment.keys, wanted)
            inside = np.minimum(places, len(segment.keys) - 1)
            hits = np.flatnonzero(segment.keys[inside] == wanted)
            fresh = hits[shards[order[hits]] < 0]  # a newer segment may know them already
            shards[order[fresh]] = segment.shards[inside[fresh]]
            rows[order[fresh]] = segment.rows[inside[fresh]]
        return shards, rows

    def remove(self, names: Sequence[str]) -> None:
        """Forget shards that are gone; one may come back under its name and then has a new number."""
        unwanted = set(names)
        gone = [number for number, name in enumerate(self.names) if name in unwanted]
        if gone:
            self.segments = [s.at(~np.isin(s.shards, gone)) for s in self.segments]
            self.names = [_GONE if name in unwanted else name for name in self.names]
            self.is_saved = False

    def save(self, file: Path, partial: Path) -> None:
        """Write all of it, unless it stands there already.

        Args:
            file: its final name.
            partial: where it stands until it is whole; no other process writes there.
        """
        if self.is_saved:
            return
        self._renumber()
        while len(self.segments) > 1:
            self._merge_newest()
        whole = self.segments[0]
        names = "\n".join(self.names).encode()
        head = np.array([len(names), len(whole.keys)], _LENGTH)
        columns = [
            np.ascontiguousarray(part).view(np.uint8) for part in (head, whole.keys, whole.shards, whole.rows)
        ]
        body = [columns[0].data, memoryview(names), *(column.data for column in columns[1:])]
        checksum = hashlib.sha256()
        for part in body:
            checksum.update(part)
        if file.is_dir():
            file.rmdir()  # an empty folder in its place holds nothing that a person might want
        with whole_file(partial) as handle:
            handle.writelines([_MAGIC, checksum.digest(), *body])
        publish(partial, file)
        self.is_saved = True

    def _renumber(self) -> None:
        """Leave out the numbers of shards that are gone."""
        present = np.array([name != _GONE for name in self.names], dtype=np.uint32)
        numbers = np.cumsum(present, dtype=np.uint32) - np.uint32(1)
        self.segments = [Segment(s.keys, numbers[s.shards], s.rows) for s in self.segments] or [_EMPTY]
        self.names = [name for name in self.names if name != _GONE]


_GONE = ""
_EMPTY = Segment(np.empty(0, KEY), np.empty(0, _NUMBER), np.empty(0, _NUMBER))


def load(file: Path, present: Sequence[str], keys_of: Callable[[Sequence[str]], Iterable[bytes]]) -> Index:
    """The index of the shards that are present.

    Args:
        file: the saved index; it may be absent or garbage.
        present: names of all shards.
        keys_of: reads the keys of the shards that the file does not list.
    """
    index = _parsed(file)
    listed, there = set(index.names), set(present)
    index.remove(sorted(listed - there))
    unlisted = [name for name in present if name not in listed]
    for name, keys in zip(unlisted, keys_of(unlisted), strict=True):
        index.add(name, keys)
    return index


def _parsed(file: Path) -> Index:
    """What a file holds; an empty index where it is absent or garbage."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return Index()
    except OSError as error:
        logger.warning("%s cannot be read (%s); it is made anew from the shards", file, error)
        return Index()
    start = len(_MAGIC) + 32
    checksum = hashlib.sha256(memoryview(content)[start:]).digest()
    if content[:start] != _MAGIC + checksum:
        logger.warning("%s is damaged; it is made anew from the shards", file)
        return Index()
    n_bytes, n_rows = (int(length) for length in np.frombuffer(content, _LENGTH, 2, start))
    keys = start + 2 * _LENGTH.itemsize
    names = content[keys : keys + n_bytes].decode()
    keys += n_bytes
    shards = keys + KEY.itemsize * n_rows
    rows = shards + _NUMBER.itemsize * n_rows
    segment = Segment(
        np.frombuffer(content, KEY, n_rows, keys),
        np.frombuffer(content, _NUMBER, n_rows, shards),
        np.frombuffer(content, _NUMBER, n_rows, rows),
    )
    return Index(names.split("\n") if names else [], [segment], is_saved=True)
