"""The datasets that the paper names or needs, as typed records; the data itself is catalogue.yaml."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from unirain_core.config.load import read_yaml
from unirain_core.sources.layouts import (
    SPLIT_WORDS,
    Example,
    Halves,
    Layout,
    PairList,
    Partner,
    Replacement,
    Split,
    Target,
    Unpaired,
)

FILE = Path(__file__).with_name("catalogue.yaml")

Node = Mapping[str, Any]
"""A mapping of the YAML file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A part of a dataset that papers score by itself."""

    id: str
    split: str
    input: str
    """Folder of its rainy pictures."""
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One dataset, or one form of tree that any dataset may have."""

    id: str
    name: str
    citation: str | None
    rain_types: tuple[str, ...]
    origin: str
    """Synthetic, real or mixed."""
    role: tuple[str, ...]
    """What it is good for: train, benchmark, real_unpaired."""
    sharing: str | None
    """Whether several rainy files share one clean file: one_to_one, many_to_one."""
    image: Mapping[str, str | None]
    """Format and size, in words."""
    layouts: tuple[Layout, ...]
    counts: Mapping[str, int | None]
    """Published numbers of pairs or pictures, by part, in the words of the publication."""
    official: Mapping[str, tuple[int, ...]]
    """Train, val, test or real to the numbers of pairs or photos that a whole download may have here."""
    quota: int | None
    """How many training pairs are enough of a set of patches or videos, by this project's advice."""
    benchmarks: tuple[Benchmark, ...]
    traps: tuple[str, ...]
    terms: str | None
    """Terms of use; None: no terms were found."""
    source_page: str | None
    """Where a person finds the download."""
    size_gb: float | None
    confidence: str
    unverified: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Which datasets bring pairs of a rain type."""

    certain: tuple[str, ...]
    """By folder or file name."""
    by_luma: tuple[str, ...]
    """Only after the brightness of a scene has decided between day and night."""
    smallest: str
    """The smallest useful download."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All of catalogue.yaml."""

    records: Mapping[str, Record]
    fills: Mapping[str, Fill]
    """By rain type."""
    shows: Mapping[str, str]
    """Rain type to what it shows: streak or drop, the words of `mixture_policy`."""

    def advice(self, rain_type: str) -> str:
        """What to download for a rain type without pairs, as one clause."""
        fill = self.fills.get(rain_type)
        if fill is None:
            return "no dataset of the catalogue shows it"
        smallest = self.records[fill.smallest]
        others = [i for i in (*fill.certain, *fill.by_luma) if i != fill.smallest]
        return (
            f"the smallest useful download is {smallest.id} ({smallest.source_page}; {fill.note}); "
            f"others: {', '.join(others) or 'none'}"
        )


@functools.cache
def load() -> Catalogue:
    """The catalogue that ships with the package."""
    content = cast(Node, read_yaml(FILE))
    records = [_record(node) for node in content["datasets"]]
    return Catalogue(
        records={record.id: record for record in records},
        fills={name: _fill(node) for name, node in content["fills"].items()},
        shows=dict(content["shows"]),
    )


def _fill(node: Node) -> Fill:
    return Fill(
        certain=tuple(node["certain"]),
        by_luma=tuple(node["by_luma"]),
        smallest=node["smallest"],
        note=node["note"],
    )


def _record(node: Node) -> Record:
    return Record(
        id=node["id"],
        name=node["name"],
        citation=node["citation"],
        rain_types=tuple(node["rain_types"]),
        origin=node["origin"],
        role=tuple(node["role"]),
        sharing=node["sharing"],
        image=dict(node["image"]),
        layouts=tuple(_layout(layout) for layout in node["layouts"]),
        counts=dict(node["counts"]),
        official={part: tuple(numbers) for part, numbers in node.get("official", {}).items()},
        quota=node.get("quota"),
        benchmarks=tuple(Benchmark(**benchmark) for benchmark in node.get("benchmarks", ())),
        traps=tuple(node["traps"]),
        terms=node["terms"],
        source_page=node["source_page"],
        size_gb=node["size_gb"],
        confidence=node["confidence"],
        unverified=tuple(node["unverified"]),
    )


def _layout(node: Node) -> Layout:
    split, types, group = node["split_rule"], node["type_rule"], node["group_rule"]
    return Layout(
        root_hint=node["root_hint"],
        input_glob=tuple(node["input_glob"]),
        target=_target(node["target_rule"]),
        split_words=_split_words(split["words"]) if "words" in split else (),
        split_rules=tuple((pattern, name) for pattern, name in split["rules"]),
        split_default=split["default"],
        type_words=tuple((word, tuple(names)) for word, names in types.get("words", ())),
        type_rules=tuple((pattern, tuple(names)) for pattern, names in types["rules"]),
        type_default=tuple(types["default"]),
        group_rule=(group[0], group[1]) if group else None,
        confidence=node["confidence"],
        examples=tuple(
            Example(input=rainy, target=clean, split=part, types=tuple(shown))
            for rainy, clean, part, shown in node["examples"]
        ),
    )


def _split_words(own: Sequence[tuple[str, Split]]) -> tuple[tuple[str, Split], ...]:
    """The words that all layouts share, and a layout's own; test goes before train, train before val."""
    words = [*SPLIT_WORDS, *((word, split) for word, split in own)]
    return tuple(sorted(words, key=lambda entry: ("test", "train", "val").index(entry[1])))


def _target(node: Node) -> Target:
    match node:
        case {"sub": rules}:
            return Partner(_replacements(rules), any_suffix=node.get("ext") == "any")
        case {"halves": side}:
            return Halves(side)
        case {"list": rule}:
            otherwise = Partner(_replacements(rule["else"]))
            return PairList(file=rule["file"], sep=rule["sep"], strip=rule["strip"], otherwise=otherwise)
        case {"none": True}:
            return Unpaired()
        case _:
            raise ValueError(f"{FILE.name}: {dict(node)} is no target_rule")


def _replacements(rules: Sequence[Sequence[str]]) -> tuple[Replacement, ...]:
    return tuple((pattern, replacement) for pattern, replacement in rules)
