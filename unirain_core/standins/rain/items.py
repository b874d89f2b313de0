"""One pair or photo of a sample corpus: what it shows, what is wrong with it, where it belongs."""

from dataclasses import dataclass
from typing import Literal

RAIN_TYPES = ("drs", "drd", "nrs", "nrd")

PHOTOGRAPHED = ("gt-rain", "real")
"""Datasets of path B; no pair of low fidelity stands there."""

FAULTS = (
    "misaligned",
    "wrong_clean",
    "identical_pair",
    "duplicate",
    "truncated",
    "size_mismatch",
    "git_lfs_pointer",
    "orphan",
    "leaks_into_benchmark",
)
"""Faults of integrity, by their reasons; one pair of each stands beside the sound pairs."""

Role = Literal["train", "test", "real"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A scene: a crop of a photo, its grading and its lamps."""

    photo: int
    """Number of the photo, from 1."""
    index: int
    """Seeds the crop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One pair, or one photo of dataset `real`."""

    dataset: str
    rain_type: str
    role: Role
    view: View
    rain: int
    """Seeds the rain."""
    running: int = 0
    """Number among the pictures of the same dataset and photo, from 1."""
    kind: str = ""
    """Kind of low fidelity; empty: good rain."""
    fault: str = ""
    """Fault of integrity; empty: sound."""
    original: "Item | None" = None
    """The pair that a duplicate or a leak repeats."""
    other_view: View | None = None
    """The scene that a wrong clean picture shows."""

    @property
    def path(self) -> Literal["A", "B"]:
        """Which renderer: A for synthetic pairs, B for what passes for real photos."""
        return "B" if self.dataset in PHOTOGRAPHED else "A"

    @property
    def photo(self) -> int:
        """Number of the source photo, from 1."""
        return self.view.photo

    @property
    def night(self) -> bool:
        """Whether the scene is lit by lamps."""
        return self.rain_type.startswith("n")

    @property
    def drops(self) -> bool:
        """Drops; else streaks."""
        return self.rain_type.endswith("d")
