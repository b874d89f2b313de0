"""The list files of a tree: which pairs their lines name, and which lines name files that do not exist."""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from unirain_core.artefacts.remote import Place
from unirain_core.errors import ItemError, MissingInputError
from unirain_core.imaging.codec import read_file
from unirain_core.sources.layouts import PairList, compiled
from unirain_core.sources.tree import Tree


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list file that names a pair."""

    number: int
    target: str
    rival: "Line | None" = None
    """An earlier line that names another clean picture for the same rainy one."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The pairs of one list file; `path` is relative to the tree, empty when there is no such file."""

    path: str
    pairs: dict[str, Line]
    """By the rainy picture, relative to the layout's root."""

    def conflict(self, below: str) -> str:
        """Which two lines name different clean pictures for a rainy one, as a clause; nothing where none do."""
        line = self.pairs.get(below)
        if line is None or line.rival is None:
            return ""
        first = line.rival
        return f"line {first.number} of {self.path} names {first.target}, and line {line.number} names {line.target}"

    def detail(self, below: str) -> str:
        """What the list says of a rainy picture without partner, as a clause; nothing without a list."""
        if not self.path:
            return ""
        line = self.pairs.get(below)
        if line is None:
            return f"{self.path} has no line for it"
        return f"line {line.number} of {self.path} names {line.target}, which does not exist"

    def note(self, tree: Tree, root: str) -> str:
        """How many lines name a file that does not exist, as a sentence; nothing when all exist."""
        wrong = []
        for rainy, line in self.pairs.items():
            missing = next((p for p in (rainy, line.target) if not _stands(tree, root + p)), None)
            if missing:
                wrong.append(f"line {line.number}: {missing}")
        if not wrong:
            return ""
        return f"{len(wrong)} of {len(self.pairs)} lines of {self.path} name a file that does not exist, first {wrong[0]}"


@dataclass(frozen=True, slots=True)
class ListFiles:
    """The list files of one tree, each read once."""

    tree: Tree
    _lines: dict[str, Lines] = field(default_factory=dict)

    def below(self, root: str, rule: PairList) -> Lines:
        """The list file of a layout's root.

        Raises:
            MissingInputError: the file cannot be read.
        """
        if root not in self._lines:
            paths = self.tree.names.find(root + rule.file, any_suffix=False)
            pairs = read_pairs(self.tree.root / paths[0], rule) if paths else {}
            pairs = below_here(pairs, self.tree, root)
            self._lines[root] = Lines(paths[0] if paths else "", pairs)
        return self._lines[root]

    def notes(self) -> tuple[str, ...]:
        """A sentence for every list file that names files that do not exist."""
        notes = (lines.note(self.tree, root) for root, lines in sorted(self._lines.items()))
        return tuple(note for note in notes if note)


def read_pairs(path: Place, rule: PairList) -> dict[str, Line]:
    """Rainy picture to its line, without what `strip` removes; lines of another form are skipped.

    Raises:
        MissingInputError: the file cannot be read.
    """
    try:
        content = read_file(path)
    except (OSError, ItemError) as error:
        problem = error.strerror if isinstance(error, OSError) else error.detail
        raise MissingInputError(f"the pair list {path} cannot be read: {problem}; make it readable") from None
    pairs: dict[str, Line] = {}
    # editors on Windows put a mark before the first line, which is no part of its path: utf-8-sig takes it away
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(lines, start=1):
        columns = [compiled(rule.strip).sub("", c, count=1) for c in re.split(rule.sep, line.strip())]
        if len(columns) == 2:
            rainy, target = columns
            earlier = pairs.get(rainy)
            is_rival = earlier is not None and earlier.target != target
            pairs[rainy] = Line(number, target, earlier if is_rival else None)
    return pairs


def below_here(pairs: dict[str, Line], tree: Tree, root: str) -> dict[str, Line]:
    """The pairs with the paths of this machine, where a list names the folders of the machine that wrote it.

    This is so where no rainy picture of the list stands in the tree. As many folders are then taken away from the front of every path
    as the first pair needs that stands without them.

    Args:
        pairs: rainy picture to its line.
        tree: the dataset's.
        root: of the layout, with trailing slash or empty.
    """
    if any(_stands(tree, root + rainy) for rainy in pairs):
        return pairs
    for rainy, line in pairs.items():
        own, target = _folders(rainy), _folders(line.target)
        n_own = _first_that_stands(own, tree, root)
        n_target = _first_that_stands(target, tree, root)
        if n_own is not None and n_target is not None:
            return dict(_shortened(pairs, n_own, n_target))
    return pairs


def _first_that_stands(folders: Sequence[str], tree: Tree, root: str) -> int | None:
    """How many folders must be taken from the front of a path so that it stands in the tree; None: it never does."""
    for number in range(len(folders)):
        if _stands(tree, root + "/".join(folders[number:])):
            return number
    return None


def _shortened(pairs: dict[str, Line], n_rainy: int, n_target: int) -> Iterator[tuple[str, Line]]:
    for rainy, line in pairs.items():
        here = "/".join(_folders(rainy)[n_rainy:])
        yield here, replace(line, target="/".join(_folders(line.target)[n_target:]))


def _folders(path: str) -> tuple[str, ...]:
    """The parts of a path; lists of Windows have backslashes."""
    return tuple(path.replace("\\", "/").split("/"))


def _stands(tree: Tree, path: str) -> bool:
    return bool(tree.names.find(path, any_suffix=False)) or path in tree.folders
