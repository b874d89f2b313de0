"""The networks that a variant can name: ours, and the baselines beside it."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from unirain_core.config.sections import Depth, Network
from unirain_core.config.tagged import ByTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Restormer:
    """A plain Restormer (`model/baselines/restormer.py`); the same upper bounds hold as for our network."""

    architecture: Literal["restormer"] = "restormer"
    dim: Annotated[int, Ge(2), Le(512)]
    """Channels of the first level."""
    blocks: Annotated[tuple[Depth, ...], MinLen(2), MaxLen(6)]
    """Transformer blocks of each level, the deepest last."""
    refinement: Depth
    """Blocks after the decoder's first level."""
    heads: Annotated[tuple[Depth, ...], MinLen(2), MaxLen(6)]
    """Attention heads of each level; a divisor of its channels."""
    ffn_expansion: Annotated[float, Gt(0), Le(16)]
    """Inner width of a block's feed-forward part, as a multiple of its channels."""

    @property
    def multiple(self) -> int:
        """Sides that the levels can halve without a rest are multiples of this."""
        return 1 << (len(self.blocks) - 1)

    def __post_init__(self) -> None:
        if len(self.blocks) != len(self.heads):
            raise ValueError("blocks and heads must name the same number of levels")
        if self.dim % 2:
            raise ValueError("dim must be even: each level down halves the channels before it unshuffles")
        if int(self.dim * self.ffn_expansion) < 1:
            raise ValueError("ffn_expansion times dim must be at least 1")
        for level, heads in enumerate(self.heads):
            channels = self.dim << level
            if channels % heads:
                raise ValueError(f"heads: {heads} must divide the {channels} channels of level {level}")


Architecture = Network | Restormer
"""The section of one network; another architecture is added to this line."""
ARCHITECTURES: tuple[type[Architecture], ...] = get_args(Architecture)


# ours is without the key: there were sections and checkpoints of it before there was another network
NetworkSection = Annotated[
    Architecture, ByTag(ARCHITECTURES, "architecture", "; our own network has no such key")
]
"""The same, for the places where a section is read and checked."""
