"""Prompts as tokens: padded on the left, and short enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unirain_core.distill.pixels import Pixels
from unirain_core.errors import ConfigError

Tokens = NDArray[np.int64]
"""(L,) numbers of one prompt."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Prompts of one batch."""

    ids: Tensor
    """(B, L) token numbers."""
    mask: Tensor
    """(B, L) 1 where a token stands, 0 where there is padding."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A question as a model is given it."""

    tokens: Tokens
    """With a token for each place of a picture."""
    pixels: Pixels
    """(T, 3, S, S) the tiles of all its pictures, in their order."""


def spelled(tokenizer: Any) -> Callable[[str], Sequence[int]]:  # noqa: ANN401 (a class of transformers)
    """The tokenizer as a function of text alone, without special tokens."""

    def encode(text: str) -> Sequence[int]:
        numbers: Sequence[int] = tokenizer.encode(text, add_special_tokens=False)
        return numbers

    return encode


def numbers(tokenizer: Any, text: str) -> Tokens:  # noqa: ANN401 (a class of transformers)
    """A text as tokens, without special ones."""
    return np.array(spelled(tokenizer)(text), dtype=np.int64)


def left_padded(prompts: Sequence[Tokens]) -> Encoded:
    """Prompts that all end in the last column, whatever side their tokenizer itself would pad.

    An answer is read from the last column. With padding on the right, that column is padding for the shorter prompts. Their
    logits were then off by up to 4, and no error was raised.
    """
    longest = max(map(len, prompts))
    ids = torch.zeros((len(prompts), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.from_numpy(prompt)
        mask[row, longest - len(prompt) :] = 1
    return Encoded(ids, mask)


def demand_room(name: str, n_tokens: int, context: int, advice: str) -> None:
    """Refuse questions that are longer than a model can read.

    Raises:
        ConfigError: they are.
    """
    if n_tokens > context:
        raise ConfigError(
            f"judge '{name}': a question has up to {n_tokens} tokens, and the model reads {context}; {advice}"
        )
