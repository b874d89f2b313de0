"""Channel attention of several experts at once, each of its own width and heads."""

from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn.functional import linear

from unirain_core.model.layout import depthwise3x3

SMALLEST_NORM = 1e-12
"""Keeps a channel that is zero everywhere from dividing by zero."""


class ExpertBank(NamedTuple):
    """Weights of a block's experts side by side: E is the sum of their widths, C the block's channels."""

    qkv: Tensor
    """(3, E, C) 1x1 convolution to queries, keys and values."""
    local: Tensor
    """(3, E, 1, 3, 3) depthwise convolution of them."""
    out: Tensor
    """(C, E) 1x1 convolution back to the block's channels; its columns are each expert's own projection."""
    temperature: Tensor
    """(heads of all experts,) factor on the cosines."""
    head: Tensor
    """(E,) index of the head to which each channel belongs."""
    owner: Tensor
    """(E,) index of the expert to which each channel belongs."""

    def only(self, channels: Tensor) -> Self:
        """The bank of some of its channels, given by index; heads and owners keep their numbers."""
        return self._replace(
            qkv=self.qkv[:, channels],
            local=self.local[:, channels],
            out=self.out[:, channels],
            head=self.head[channels],
            owner=self.owner[channels],
        )


def channel_attention(x: Tensor, bank: ExpertBank) -> tuple[Tensor, Tensor]:
    """Attention maps and values of all experts of a bank, from one matrix of cosines.

    Channels of different heads, and so of different experts, do not see each other: their cosines are
    masked before the softmax, which leaves a block-diagonal map.

    Args:
        x: (B, H, W, C) features.
        bank: the experts' weights.

    Returns:
        (B, E, E) maps, each row sums to 1, and (B, H * W, E) values.
    """
    width = bank.out.shape[1]
    local = depthwise3x3(linear(x, bank.qkv.flatten(0, 1)), bank.local.flatten(0, 1))
    queries, keys, values = torch.split(local.flatten(1, 2), width, dim=-1)
    # the norms divide the small Gram matrix instead of the large queries and keys
    gram = queries.transpose(1, 2) @ keys
    scale = bank.temperature[bank.head] / _norms(queries)
    cosines = gram * scale[:, :, None] / _norms(keys)[:, None, :]
    strangers = bank.head[:, None] != bank.head[None, :]
    return cosines.masked_fill(strangers, float("-inf")).softmax(dim=-1), values


def _norms(x: Tensor) -> Tensor:
    precise = torch.promote_types(x.dtype, torch.float32)
    norms: Tensor = torch.linalg.vector_norm(x, dim=1, dtype=precise)
    return norms.clamp_min(SMALLEST_NORM)
