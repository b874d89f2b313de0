"""Checks on the files of a listed dataset that decode no picture: sizes, published numbers, and visible traps."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unirain_core.artefacts.remote import Place, Remote
from unirain_core.errors import ItemError
from unirain_core.imaging.codec import LFS_POINTER, read_file
from unirain_core.sources.catalogue import Record
from unirain_core.sources.file_contents import POINTER_BYTES
from unirain_core.sources.listing import Listed, Listing
from unirain_core.sources.tree import Tree

_COPY = re.compile(r"(?P<stem>.+?)(?: ?\(\d+\)| - copy| copy)(?P<suffix>\.\w+)", re.IGNORECASE)
"""Matches names that browsers and desktops give to a second copy: an old download of Test2800 holds `926_10(1).jpg`."""

COMPARED = 50
"""At most so many pairs of files of equal size are compared byte by byte; they suffice to show a folder full of copies."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The files of all listed pictures."""

    rainy: int
    """Files that are, or hold, a rainy picture."""
    clean: int
    """Files of clean pictures alone."""
    bytes: int
    """Of all of them."""
    pointers: tuple[str, ...]
    """Paths of git-lfs pointers, which stand where pictures should be."""
    same: tuple[str, ...]
    """Rainy paths whose clean file has the same bytes, of those that were compared."""


def measure(tree: Tree, listing: Listing) -> Sizes:
    """Ask for the size of every listed file; only files as small as a pointer, and a few of equal size, are read."""
    rainy = {item.path: item.rainy for item in listing.listed}
    clean = {tree.path_of(item.target): item.target for item in listing.listed if item.target is not None}
    sizes = {path: _size(tree.place(picture)) for path, picture in {**rainy, **clean}.items()}
    small = [path for path, size in sizes.items() if 0 < size < POINTER_BYTES]
    pictures = {**rainy, **clean}
    pointers = [path for path in small if _head(tree.place(pictures[path])) == LFS_POINTER]
    same = _same(tree, listing.listed, sizes, frozenset(pointers))
    return Sizes(len(rainy), len(clean), sum(sizes.values()), tuple(pointers), tuple(same))


def unofficial(record: Record, listing: Listing, role: str) -> list[str]:
    """A sentence for each part whose number of pairs is none of the published ones: files are missing, or it is another edition.

    Args:
        record: entry of the catalogue.
        listing: what its layouts find.
        role: of the dataset in params; it holds where the tree says nothing.
    """
    if role == "real" and "real" not in record.official:
        return []
    counts = Counter(_part(item, role) for item in listing.listed)
    sentences: list[str] = []
    for part, numbers in record.official.items():
        if counts[part] in numbers:
            continue
        noun = "photos" if part == "real" else f"{part} pairs"
        published = " or ".join(f"{number:,}" for number in numbers)
        sentences.append(f"{counts[part]:,} {noun} are here, a whole download has {published}")
    return sentences


def copies(tree: Tree, listing: Listing) -> list[str]:
    """Listed pictures whose name says that they are a second copy of a picture beside them."""
    return [item.path for item in listing.listed if _is_copy(tree, item.path)]


def _part(item: Listed, role: str) -> str:
    """The part of a dataset to which a listed picture belongs."""
    if not item.is_paired:
        return "real"
    return item.split or ("test" if role == "benchmark" else role)


def _is_copy(tree: Tree, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    match = _COPY.fullmatch(name)
    return match is not None and match["stem"] + match["suffix"] in tree.folders.get(folder, ())


def _size(place: Place) -> int:
    """Bytes of a file; 0 where it cannot be asked, since the stage says why."""
    if isinstance(place, Remote):
        return place.state.size if place.state is not None else 0
    try:
        return os.stat(place).st_size  # noqa: PTH116 (a million times)
    except OSError:
        return 0


def _head(place: Place) -> bytes:
    return _content(place)[: len(LFS_POINTER)]


def _content(place: Place) -> bytes:
    try:
        return read_file(place)
    except (OSError, ItemError):  # the stage says why it cannot be read
        return b""


def _same(
    tree: Tree, listed: Sequence[Listed], sizes: dict[str, int], pointers: frozenset[str]
) -> Iterator[str]:
    """Pairs whose two files have the same bytes."""
    compared = 0
    for item in listed:
        if compared == COMPARED:
            return
        other = item.target
        if other is None or item.path in pointers or not sizes[item.path]:
            continue
        if sizes[item.path] == sizes[tree.path_of(other)]:
            compared += 1
            if _content(tree.place(item.rainy)) == _content(tree.place(other)):
                yield item.path
