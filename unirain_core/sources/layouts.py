"""The rule language of layouts (catalogue.yaml explains it): what a relative path means in a dataset's tree."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

Value = TypeVar("Value")

Replacement = tuple[str, str]
"""A pattern that must match the whole path, and what it becomes."""

Split = Literal["train", "val", "test"]
Side = Literal["left", "right"]

SPLIT_WORDS: tuple[tuple[str, Split], ...] = (
    ("test(?:ing|set)?", "test"),
    ("train(?:ing|set)?", "train"),
    ("val(?:id|idation|set)?", "val"),
)
"""Words of folder names that say a split. A name that says two is read as test: such a pair never trains."""


@dataclass(frozen=True, slots=True)
class Partner:
    """The clean picture is another file: the first candidate that exists."""

    rules: tuple[Replacement, ...]
    any_suffix: bool = False
    """Whether a candidate may have any picture suffix."""


@dataclass(frozen=True, slots=True)
class Halves:
    """One picture holds both; `clean` says which half is the clean one."""

    clean: Side


@dataclass(frozen=True, slots=True)
class PairList:
    """A text file at the layout's root names the pairs; `otherwise` settles what it does not."""

    file: str
    sep: str
    strip: str
    otherwise: Partner


@dataclass(frozen=True, slots=True)
class Unpaired:
    """There are no clean pictures."""


Target = Partner | Halves | PairList | Unpaired


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a layout says of one path: executable, and shown to a person."""

    input: str
    target: str | None
    split: str | None
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One tree in which a dataset is found on disk."""

    root_hint: str | None
    """What the layout's root is usually called."""
    input_glob: tuple[str, ...]
    """Globs of rainy pictures, relative to the layout's root."""
    target: Target
    split_words: tuple[tuple[str, Split], ...]
    split_rules: tuple[tuple[str, Split], ...]
    split_default: Split | None
    type_words: tuple[tuple[str, tuple[str, ...]], ...]
    type_rules: tuple[tuple[str, tuple[str, ...]], ...]
    type_default: tuple[str, ...]
    group_rule: Replacement | None
    confidence: str
    examples: tuple[Example, ...]
    is_input: re.Pattern[str] | None = None
    """Further demand on the whole path of a rainy picture; None: the globs decide alone."""

    def locate(self, path: str) -> tuple[str, str] | None:
        """(root with trailing slash or empty, path below it) of a rainy picture; None: it is none.

        >>> from unirain_core.sources import catalogue
        >>> catalogue.load().records["raindrop"].layouts[0].locate("a/train/data/0_rain.png")
        ('', 'a/train/data/0_rain.png')
        """
        if self.is_input is not None and not self.is_input.fullmatch(path):
            return None
        match = globs(self.input_glob).fullmatch(path)
        return (match["root"], path[match.end("root") :]) if match else None

    def split_of(self, path: str) -> Split | None:
        """What the tree says of a path below the layout's root; None: it does not say."""
        split = _first(self.split_rules, path) or spoken(self.split_words, path)
        return split or self.split_default

    def types_of(self, path: str) -> tuple[str, ...]:
        """Rain types that the picture shows together; `luma:DAY|NIGHT`: the tree does not say which."""
        types = _first(self.type_rules, path) or spoken(self.type_words, path)
        return types or self.type_default

    def group_of(self, path: str) -> str | None:
        """Scene key of a path below the layout's root."""
        return expand(self.group_rule, path) if self.group_rule else None


def spoken(words: Sequence[tuple[str, Value]], path: str) -> Value | None:
    """The value of the word that the folder nearest to the file says; None: no folder of the path says one.

    A word is whole: no letter stands beside it, unless a capital begins the next word.

    >>> words = (("test", "test"), ("train", "train"))
    >>> spoken(words, "train/NightRainDrop_Test/1.png"), spoken(words, "NightRain/Latest/train.png")
    ('test', None)
    """
    folders = path.split("/")[:-1]
    for folder in reversed(folders):
        for word, value in words:
            if _whole_word(word).search(folder):
                return value
    return None


@functools.cache
def _whole_word(word: str) -> re.Pattern[str]:
    start = r"(?-i:(?<![^\W\d_])|(?<=[a-z])(?=[A-Z]))"
    end = r"(?-i:(?![^\W\d_])|(?<=[a-z])(?=[A-Z]))"
    return compiled(f"{start}(?:{word}){end}")


def _first(rules: Sequence[tuple[str, Value]], path: str) -> Value | None:
    return next((value for pattern, value in rules if compiled(pattern).search(path)), None)


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of a rule; letter case is ignored: Train/train, GT/gt, Rainy/rainy all occur."""
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def expand(rule: Replacement, path: str) -> str | None:
    """The replacement of a rule whose pattern matches the whole path; groups that took no part are empty.

    >>> expand((r"(.*)/(pie-)?rd-(.+)", r"\\1/gt/\\2norain-\\3"), "train/rd-7.png")
    'train/gt/norain-7.png'
    """
    whole = compiled(rf"\A(?:{rule[0]})\Z")
    replaced, found = whole.subn(
        rule[1], path, count=1
    )  # subn keeps its parsed template, Match.expand does not
    return replaced if found else None


@functools.cache
def globs(patterns: Sequence[str]) -> re.Pattern[str]:
    """One expression for several globs under the shallowest possible root.

    >>> globs(("train/*.png",)).fullmatch("a/b/train/1.PNG")["root"]
    'a/b/'
    """
    branches = "|".join(_glob(p) for p in patterns)
    # `**/` takes any folders above: to try other roots too would cost the square of a path's depth
    root = "" if all(p.startswith("**/") for p in patterns) else "(?:[^/]+/)*?"
    return re.compile(rf"(?P<root>{root})(?:{branches})", re.IGNORECASE)


def _glob(pattern: str) -> str:
    parts = pattern.split("/")
    folders = "".join("(?:[^/]+/)*" if p == "**" else f"{_name(p)}/" for p in parts[:-1])
    return folders + _name(parts[-1])


def _name(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", "[^/]*")
