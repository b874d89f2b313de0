"""How a block's width and heads are shared out to its experts."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expert:
    """One channel attention: its capacity."""

    width: int
    """Inner channels of queries, keys and values; at least 1."""
    heads: int
    """Attention heads; divides `width`."""


def share_out(channels: int, heads: int, shares: Sequence[float]) -> tuple[Expert, ...]:
    """Experts of a block, one for each share of its channels.

    The paper gives each expert a "distinct self-attention capacity" and no numbers; here the capacity is
    the inner width. Heads follow the width, rounded down to a divisor of it.

    Args:
        channels: channels of the block.
        heads: heads of one attention of full width.
        shares: inner width of each expert as a share of `channels`, each in (0, 1].

    >>> share_out(48, 4, (0.125, 0.25, 0.5))
    (Expert(width=6, heads=1), Expert(width=12, heads=1), Expert(width=24, heads=2))
    """
    return tuple(_expert(max(1, round(channels * share)), max(1, round(heads * share))) for share in shares)


def _expert(width: int, wanted_heads: int) -> Expert:
    return Expert(width, next(heads for heads in range(wanted_heads, 0, -1) if width % heads == 0))


def channel_owners(experts: Sequence[Expert]) -> list[int]:
    """Index of the expert to which each channel belongs, experts side by side.

    >>> channel_owners([Expert(1, 1), Expert(2, 2)])
    [0, 1, 1]
    """
    return [index for index, expert in enumerate(experts) for _ in range(expert.width)]


def channel_heads(experts: Sequence[Expert]) -> list[int]:
    """Index of the head to which each channel belongs, heads numbered through all experts.

    >>> channel_heads([Expert(1, 1), Expert(4, 2)])
    [0, 1, 1, 2, 2]
    """
    sizes = [expert.width // expert.heads for expert in experts for _ in range(expert.heads)]
    return [head for head, size in enumerate(sizes) for _ in range(size)]
