"""A training's task, and its result."""

from dataclasses import dataclass

from torch import Tensor

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import HistoryRow, SplitRow
from unirain_core.config.architectures import Architecture
from unirain_core.config.sections import RainType, Strategy, Training


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A network, the data to train it on and the plan. It is a value, so that other processes can be handed it."""

    network: Architecture
    rain_types: tuple[RainType, ...]
    train: tuple[tuple[SplitRow, ...], ...]
    """Pairs of each rain type, at least one."""
    val: tuple[tuple[SplitRow, ...], ...]
    """Likewise."""
    roots: Roots
    training: Training
    strategy: Strategy
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Best:
    """The best weights so far."""

    weights: dict[str, Tensor]
    """On the CPU; empty before the first validation."""
    step: int
    psnr: float
    """Mean over the types on `val`, in dB; -inf before the first validation."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """A finished training."""

    best: Best
    last: dict[str, Tensor]
    """Weights after the last step, on the CPU."""
    history: list[HistoryRow]
