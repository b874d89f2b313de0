"""Channels-last pictures inside the network: convolutions, pixel shuffles, reflection padding.

Tensors are (B, H, W, C). Layer norm and 1x1 convolutions then read memory in order, which on a CPU is
several times faster than the same on (B, C, H, W).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d


def channels_first(x: Tensor) -> Tensor:
    """View (B, H, W, C) as (B, C, H, W)."""
    return x.permute(0, 3, 1, 2)


def channels_last(x: Tensor) -> Tensor:
    """View (B, C, H, W) as (B, H, W, C)."""
    return x.permute(0, 2, 3, 1)


class Conv3x3(nn.Conv2d):
    """3 x 3 convolution without bias of a (B, H, W, C) tensor; the size stays."""

    def __init__(self, inputs: int, outputs: int, *, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel_size=3, padding=1, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, inputs) to (B, H, W, outputs)."""
        return channels_last(super().forward(channels_first(x)))


def depthwise3x3(x: Tensor, weight: Tensor) -> Tensor:
    """3 x 3 convolution of each channel by itself: (B, H, W, C) with (C, 1, 3, 3) to (B, H, W, C)."""
    return channels_last(conv2d(channels_first(x), weight, padding=1, groups=weight.shape[0]))


def fold(x: Tensor, factor: int) -> Tensor:
    """Pixel unshuffle: (B, H, W, C) to (B, H / factor, W / factor, C * factor**2)."""
    batch, height, width, channels = x.shape
    tiles = x.reshape(batch, height // factor, factor, width // factor, factor, channels)
    return tiles.permute(0, 1, 3, 5, 2, 4).flatten(3)


def unfold(x: Tensor, factor: int) -> Tensor:
    """Pixel shuffle: (B, H, W, C) to (B, H * factor, W * factor, C / factor**2); inverse of `fold`."""
    batch, height, width, channels = x.shape
    tiles = x.reshape(batch, height, width, channels // factor**2, factor, factor)
    return tiles.permute(0, 1, 4, 2, 5, 3).reshape(batch, height * factor, width * factor, -1)


def reflect_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Grow (B, C, H, W) at the lower right by reflection until both sides are multiples.

    Unlike `torch.nn.functional.pad` it reflects again where a side is smaller than its padding.
    """
    for axis in (2, 3):
        size = image.shape[axis]
        missing = -size % multiple
        if missing:
            period = max(1, 2 * (size - 1))
            position = torch.arange(size + missing, device=image.device) % period
            image = image.index_select(axis, torch.minimum(position, period - position) % size)
    return image
