"""The networks that a variant can name: ours, and the baselines beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, get_args

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from unirain_core.config.sections import Depth, Network


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


class SchemaMaker(Protocol):
    """The object that pydantic hands to its hook."""

    def generate_schema(self, source: type) -> object:
        """The rules by which pydantic checks values of a class."""
        ...


class ByArchitecture:
    """Tells pydantic which class checks the section of a network.

    Pydantic calls the method below. Without it, pydantic would try one class after the other, and an error would
    list the faults that each of them finds.
    """

    def __get_pydantic_core_schema__(self, _union: object, handler: SchemaMaker) -> dict[str, object]:
        """The union as a choice by the section's key `architecture`."""
        choices = {_tag(kind): handler.generate_schema(kind) for kind in ARCHITECTURES}
        names = ", ".join(_name(kind) for kind in ARCHITECTURES if kind is not Network)
        return {
            "type": "tagged-union",
            "choices": choices,
            "discriminator": _tag_of_section,
            "custom_error_type": "unknown_architecture",
            "custom_error_message": f"architecture must be one of {names}; our own network has no such key",
        }


NetworkSection = Annotated[Architecture, ByArchitecture()]
"""The same, for the places where a section is read and checked."""


def is_tag(part: object) -> bool:
    """Whether a part of an error's place is pydantic's mark of the chosen class, which is no key of the file."""
    return isinstance(part, str) and part.startswith("<")


def _tag(kind: type[Architecture]) -> str:
    return f"<{_name(kind)}>"


def _name(kind: type[Architecture]) -> str:
    """The value of `architecture` in a section of this class.

    Ours is without the key: there were sections and checkpoints of it before there was another network.
    """
    field = kind.__dataclass_fields__.get("architecture")
    return "" if field is None else str(field.default)


def _tag_of_section(section: object) -> str:
    name = section.get("architecture", "") if isinstance(section, Mapping) else ""
    return f"<{name}>"
