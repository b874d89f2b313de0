"""Prompts as tokens: padded on the left, and short enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from unirain_core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Encoded:
    """Prompts of one batch."""

    ids: Tensor
    """(B, L) token numbers."""
    mask: Tensor
    """(B, L) 1 where a token stands, 0 where there is padding."""


def spelled(tokenizer: Any) -> Callable[[str], Sequence[int]]:  # noqa: ANN401 (a class of transformers)
    """The tokenizer as a function of text alone, without special tokens."""

    def encode(text: str) -> Sequence[int]:
        numbers: Sequence[int] = tokenizer.encode(text, add_special_tokens=False)
        return numbers

    return encode


def left_padded(tokenizer: Any, texts: Sequence[str]) -> Encoded:  # noqa: ANN401 (a class of transformers)
    """Prompts as tokens that all end in the last column, whatever side the tokenizer itself would pad.

    An answer is read from the last column. With padding on the right, that column is padding for the shorter prompts. Their
    logits were then off by up to 4, and no error was raised.
    """
    rows = [torch.tensor(spelled(tokenizer)(text)) for text in texts]
    longest = max(map(len, rows))
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, longest - len(row) :] = row
        mask[number, longest - len(row) :] = 1
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
