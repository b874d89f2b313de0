"""The pairs and photos of a dataset's tree: every rainy picture with its clean partner, or with a reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from unirain_core.artefacts.picture import Picture, other_half
from unirain_core.sources.inventory import Refused
from unirain_core.sources.layouts import Halves, Layout, PairList, Partner, Split, Unpaired, expand
from unirain_core.sources.pair_lists import ListFiles
from unirain_core.sources.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A rainy picture that has its clean partner, or needs none."""

    path: str
    """Of the rainy file, relative to the tree: what the layouts read, and what names the pair."""
    rainy: Picture
    clean: Picture | None
    """None: the picture is unpaired."""
    split: Split | None
    """What the tree says; None: it does not say."""
    types: tuple[str, ...]
    group: str | None
    """Scene key of the layout."""

    @property
    def is_paired(self) -> bool:
        """Whether there is a clean picture."""
        return self.clean is not None

    @property
    def target(self) -> Picture | None:
        """The clean picture where it has a file of its own."""
        return None if self.rainy.half else self.clean


@dataclass(frozen=True, slots=True)
class Foreign:
    """Files below a dataset's folder that no layout takes: masks, read-mes, hidden files."""

    n_files: int = 0
    examples: tuple[str, ...] = ()
    """The first few, by name."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the layouts of one dataset find in a tree."""

    listed: tuple[Listed, ...]
    refused: tuple[Refused, ...]
    """Rainy orphans, and what the walk refused."""
    foreign: Foreign = Foreign()
    notes: tuple[str, ...] = ()
    """Sentences for a person: links that lead outside, lines of a list that name no file."""


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
    refused = {entry.path: entry for entry in tree.refused}
    for path in tree.pictures() if pictures is None else pictures:
        answers = [answer for reader in readers if (answer := reader.read(path)) is not None]
        if not answers:
            continue
        best = min(answers, key=_rank)
        if isinstance(best, Refused):
            refused[path] = best
        else:
            listed.append(best)
    notes = tuple(note for reader in readers for note in reader.lists.notes())
    return Listing(tuple(listed), tuple(refused.values()), notes=notes)


def _rank(answer: Listed | Refused) -> tuple[bool, bool]:
    """A pair goes before a refusal; one that knows its split, or a refusal that knows more than `orphan`, first."""
    if isinstance(answer, Refused):
        return True, answer.reason == "orphan"
    return False, answer.split is None


class _Reader:
    """One layout over one tree."""

    def __init__(self, layout: Layout, tree: Tree) -> None:
        self.layout, self.tree = layout, tree
        self.lists = ListFiles(tree)

    def read(self, path: str) -> Listed | Refused | None:
        """What the layout makes of a file; None: no rainy picture of its."""
        located = self.layout.locate(path)
        if located is None:
            return None
        root, below = located
        rainy, clean = self.tree.picture(path), None
        match self.layout.target:
            case Unpaired():
                pass
            case Halves(side):
                rainy, clean = self.tree.picture(path, other_half(side)), self.tree.picture(path, side)
            case Partner() | PairList() as rule:
                partner = self._partner(rule, root, below)
                if isinstance(partner, Refused):
                    return partner
                clean = self.tree.picture(partner)
            case _ as never:
                assert_never(never)
        return Listed(
            path=path,
            rainy=rainy,
            clean=clean,
            split=self.layout.split_of(below),
            types=self.layout.types_of(below),
            group=self.layout.group_of(below),
        )

    def _partner(self, rule: Partner | PairList, root: str, below: str) -> str | Refused:
        """The clean partner of a rainy picture, or why it has none."""
        if isinstance(rule, PairList):
            conflict = self.lists.below(root, rule).conflict(below)
            if conflict:
                return Refused(root + below, "ambiguous_partner", conflict)
        for candidate, any_suffix in self._candidates(rule, root, below):
            files = self.tree.names.find(candidate, any_suffix=any_suffix)
            others = [file for file in files if file != root + below]
            if len(others) > 1:
                return Refused(root + below, "ambiguous_partner", " and ".join(others), claims=tuple(others))
            if others:
                return others[0]
        candidates = list(self._candidates(rule, root, below))
        for candidate, any_suffix in candidates:
            obstacle = self.tree.obstacle(candidate, any_suffix=any_suffix)
            if obstacle:
                detail = f"its clean partner {candidate}: {obstacle.detail}"
                return Refused(root + below, obstacle.reason, detail)
        return Refused(root + below, "orphan", self._expected(rule, root, below, candidates))

    def _candidates(self, rule: Partner | PairList, root: str, below: str) -> Iterator[tuple[str, bool]]:
        """Paths at which the clean partner may stand, each with whether another suffix will do."""
        if isinstance(rule, PairList):
            line = self.lists.below(root, rule).pairs.get(below)
            if line:
                yield root + line.target, False
            rule = rule.otherwise
        for replacement in rule.rules:
            candidate = expand(replacement, below)
            if candidate is not None:
                yield root + candidate, rule.any_suffix

    def _expected(
        self, rule: Partner | PairList, root: str, below: str, candidates: Sequence[tuple[str, bool]]
    ) -> str:
        """Where the partner would stand, what a pair list says, and a file that is nearly called like it."""
        clauses = [" or ".join(dict.fromkeys(candidate for candidate, _ in candidates))]
        if isinstance(rule, PairList):
            clauses.append(self.lists.below(root, rule).detail(below))
        for candidate, any_suffix in candidates:
            near = self.tree.names.near(candidate, any_suffix=any_suffix)
            if near and near[0] != root + below:
                clauses.append(f"{near[0]} differs from it in {near[1]} only: rename it")
                break
        return "; ".join(clause for clause in clauses if clause)
