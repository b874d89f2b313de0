"""The arithmetic and the memory that a pretrained model needs, by its files and its configuration; no model is loaded."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from unirain_core.config.models import JudgePrecision

_VISION = re.compile(r"(^|\.)vis(ion|ual)")
"""Matches the names of weights of a tower that reads pictures."""
_LOOKED_UP = re.compile(
    r"embed_tokens|tok_embeddings|word_embeddings|token_embedding|lm_head|language_model\.output\.|predictions\.decoder"
)
"""Matches the names of weights that a token hardly uses: vectors of words, of which it uses one row, and scores of words, which only
the last token of a prompt needs."""
_BYTES: dict[JudgePrecision, float] = {"float32": 4, "bfloat16": 2, "int8": 1, "nf4": 0.5}
"""Bytes of a weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Numbers of parameters, grouped by how often they are used."""

    vision: int
    """Each patch of a picture passes them."""
    language: int
    """Each token passes them."""
    looked_up: int
    """They take memory, and almost no arithmetic: see `_LOOKED_UP`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """The shape of a transformer."""

    layers: int
    width: int
    inner: int
    """Width of the feed-forward part."""
    key_value: int
    """Width of the keys that each layer keeps of a token, and of the values; 0: a layer keeps none."""

    @classmethod
    def of(cls, config: Any, *, keeps_keys: bool = True) -> Self:  # noqa: ANN401 (a class of transformers)
        """The shape of a language model, or of a vision tower, by its configuration."""
        heads = config.num_attention_heads
        head_width = getattr(config, "head_dim", None) or config.hidden_size // heads
        key_value = (getattr(config, "num_key_value_heads", None) or heads) * head_width
        return cls(
            layers=config.num_hidden_layers,
            width=config.hidden_size,
            inner=config.intermediate_size,
            key_value=key_value if keeps_keys else 0,
        )

    def bytes_of_a_token(self, precision: JudgePrecision) -> float:
        """The estimated memory of one token while a batch is computed.

        It holds the keys and values of all layers, and the intermediate values of one layer.
        """
        # an estimate: eight vectors as wide as the model, and three as wide as its feed-forward part
        intermediate = 8 * self.width + 3 * self.inner
        return (2 * self.layers * self.key_value + intermediate) * max(_BYTES[precision], 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The arithmetic of one item (a question, or a picture), and the memory of the model."""

    flops: float
    """Operations for one item; a multiply-add is two."""
    weight_bytes: float
    """Memory of the weights."""
    batch_bytes: float
    """Estimated memory of the values that are computed for one batch."""

    def __add__(self, other: "Cost") -> "Cost":
        """The cost of two models that see the same items, one after the other, and are both in memory."""
        return Cost(
            flops=self.flops + other.flops,
            weight_bytes=self.weight_bytes + other.weight_bytes,
            batch_bytes=max(self.batch_bytes, other.batch_bytes),
        )

    def times(self, number: int) -> "Cost":
        """The cost of an item for which the model runs so many times; the memory is that of `self`."""
        return replace(self, flops=number * self.flops)


@runtime_checkable
class Costed(Protocol):
    """A model whose cost is known; stand-ins and served models have no cost."""

    @property
    def cost(self) -> Cost | None:
        """None: its files do not tell."""
        ...


def forward_flops(parameters: int, tokens: int) -> float:
    """Operations of one pass: two for each parameter and token.

    This is section 2.1 of Kaplan et al., Scaling Laws for Neural Language Models, 2020. Their further term, for attention between
    the tokens, is left out: it is 3 to 8 % at the lengths of our questions.

    >>> forward_flops(7, 3)
    42.0
    """
    return 2.0 * parameters * tokens


def cost_of(
    size: Size,
    precision: JudgePrecision,
    *,
    batch: int,
    tokens: int = 0,
    text: Tower | None = None,
    patches: int = 0,
    vision: Tower | None = None,
) -> Cost:
    """The cost of a model that reads so many tokens and patches of each item.

    Args:
        size: of its weights.
        precision: as in params; the vision tower keeps 16 bits where the language model is quantised.
        batch: items at once.
        tokens: that the language model reads of an item, those of pictures included.
        text: its shape.
        patches: of all pictures of an item.
        vision: the shape of the tower that reads them.
    """
    bytes_each = _BYTES[precision]
    weight_bytes = max(bytes_each, 2) * (size.vision + size.looked_up) + bytes_each * size.language
    language_bytes = tokens * text.bytes_of_a_token(precision) if text else 0.0
    vision_bytes = patches * vision.bytes_of_a_token(precision) if vision else 0.0
    return Cost(
        flops=forward_flops(size.language, tokens) + forward_flops(size.vision, patches),
        weight_bytes=weight_bytes,
        batch_bytes=batch
        * max(language_bytes, vision_bytes),  # the vision tower is done before the other begins
    )


def size_of(weights: Path) -> Size | None:
    """The parameters in a folder or a file of weights; None: its form does not tell them without being loaded."""
    files = [weights]
    if weights.is_dir():
        files = sorted(weights.glob("*.safetensors")) or sorted(weights.glob("pytorch_model*.bin"))
    if not files or any(file.suffix not in (".safetensors", ".bin") for file in files):
        return None
    return _sorted_by_use(_shapes(files))


def _sorted_by_use(shapes: Iterable[tuple[str, tuple[int, ...]]]) -> Size:
    vision = language = looked_up = 0
    for name, shape in shapes:
        if _VISION.search(name):
            vision += prod(shape)
        elif _LOOKED_UP.search(name):
            looked_up += prod(shape)
        else:
            language += prod(shape)
    return Size(vision=vision, language=language, looked_up=looked_up)


def _shapes(files: Iterable[Path]) -> Iterator[tuple[str, tuple[int, ...]]]:
    import torch  # seconds, which a stage with stand-ins alone does not pay
    from safetensors import safe_open

    for file in files:
        if file.suffix == ".bin":
            content = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
            yield from ((name, tuple(tensor.shape)) for name, tensor in content.items())
            continue
        with safe_open(file, framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118 (no mapping)
                yield name, tuple(opened.get_slice(name).get_shape())
