"""The pairs and photos of a dataset's tree: every rainy picture with its clean partner, or with a reason."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from unirain_core.sources.layouts import (
    Halves,
    Layout,
    PairList,
    Partner,
    Side,
    Split,
    Unpaired,
    expand,
    read_pairs,
)
from unirain_core.sources.tree import Refused, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A rainy picture that has its clean partner, or needs none; paths are relative to the tree."""

    input: str
    target: str | None
    """The clean file; None: the same file holds both, or the picture is unpaired."""
    halves: Side | None
    """The clean half of a picture that holds both."""
    split: Split | None
    """What the tree says; None: it does not say."""
    types: tuple[str, ...]
    group: str | None
    """Scene key of the layout."""

    @property
    def is_paired(self) -> bool:
        """Whether there is a clean picture."""
        return self.target is not None or self.halves is not None


@dataclass(frozen=True, slots=True)
class Listing:
    """What the layouts of one dataset find in a tree."""

    listed: tuple[Listed, ...]
    refused: tuple[Refused, ...]
    """Rainy orphans, and what the walk refused."""


def list_pairs(layouts: Sequence[Layout], tree: Tree, pictures: Iterable[str] | None = None) -> Listing:
    """Find all rainy pictures that any of the layouts knows.

    Where several layouts know a picture, the one that finds its partner wins, then the one that knows its
    split, then the first. A picture without partner is refused as an orphan: never paired by order.

    Args:
        layouts: those of one entry of the catalogue.
        tree: where partners are looked up.
        pictures: paths to consider; None: all pictures of the tree.
    """
    readers = [_Reader(layout, tree) for layout in layouts]
    listed: list[Listed] = []
    refused = list(tree.refused)
    for path in tree.pictures() if pictures is None else pictures:
        found = [item for reader in readers if (item := reader.read(path)) is not None]
        if not found:
            continue
        best = min(found, key=_rank)
        if isinstance(best, Refused):
            refused.append(best)
        else:
            listed.append(best)
    return Listing(tuple(listed), tuple(refused))


def clean_orphans(layouts: Sequence[Layout], tree: Tree, listed: Sequence[Listed]) -> list[Refused]:
    """Clean pictures to which no rainy one belongs.

    A layout leads from the rainy picture to the clean one and not back. So what counts is a picture that
    stands in a folder of clean partners alone, or is named like a partner but for the digits.

    Args:
        layouts: those of one entry of the catalogue.
        tree: the dataset's.
        listed: what `list_pairs` found in the whole tree.
    """
    used = {item.target for item in listed if item.target is not None}
    homes = {_folder(path) for path in used} - {_folder(item.input) for item in listed}
    shapes = {_shape(path) for path in used}
    return [
        Refused(path, "orphan_clean", "it stands among clean pictures")
        for path in tree.pictures()
        if path not in used
        and (_folder(path) in homes or _shape(path) in shapes)
        and not any(layout.locate(path) for layout in layouts)
    ]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _shape(path: str) -> str:
    return re.sub(r"\d+", "0", path)


def _rank(found: Listed | Refused) -> tuple[bool, bool]:
    return isinstance(found, Refused), isinstance(found, Listed) and found.split is None


class _Reader:
    """One layout over one tree; keeps the list files it has read."""

    def __init__(self, layout: Layout, tree: Tree) -> None:
        self.layout, self.tree = layout, tree
        self.lists: dict[str, dict[str, str]] = {}

    def read(self, path: str) -> Listed | Refused | None:
        """What the layout makes of a file; None: no rainy picture of its."""
        located = self.layout.locate(path)
        if located is None:
            return None
        root, below = located
        target, halves = None, None
        match self.layout.target:
            case Unpaired():
                pass
            case Halves(clean):
                halves = clean
            case Partner() | PairList() as rule:
                target = next(self._candidates(rule, root, below), None)
                if target is None:
                    return Refused(path, "orphan", self._expected(rule, root, below))
            case _ as never:
                assert_never(never)
        return Listed(
            input=path,
            target=target,
            halves=halves,
            split=self.layout.split_of(below),
            types=self.layout.types_of(below),
            group=self.layout.group_of(below),
        )

    def _candidates(self, rule: Partner | PairList, root: str, below: str) -> Iterator[str]:
        if isinstance(rule, PairList):
            named = self._list(rule, root).get(below)
            found = self.tree.find(root + named, any_suffix=False) if named else None
            if found:
                yield found
            rule = rule.otherwise
        for candidate in _expansions(rule, below):
            found = self.tree.find(root + candidate, any_suffix=rule.any_suffix)
            if found and found != root + below:
                yield found

    def _list(self, rule: PairList, root: str) -> dict[str, str]:
        if root not in self.lists:
            path = self.tree.find(root + rule.file, any_suffix=False)
            self.lists[root] = read_pairs(self.tree.root / path, rule) if path else {}
        return self.lists[root]

    def _expected(self, rule: Partner | PairList, root: str, below: str) -> str:
        partner = rule.otherwise if isinstance(rule, PairList) else rule
        return " or ".join(dict.fromkeys(root + candidate for candidate in _expansions(partner, below)))


def _expansions(rule: Partner, below: str) -> Iterator[str]:
    return (c for r in rule.rules if (c := expand(r, below)) is not None)
