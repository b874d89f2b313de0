"""Restormer, written from its paper (Zamir et al., CVPR 2022): the baseline of plain channel attention."""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize

from unirain_core.config.architectures import Restormer
from unirain_core.model.layout import reflect_to_multiple
from unirain_core.model.restorer import Restorer


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel, (B, C, H, W) to the same shape."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, H, W)."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class TransposedAttention(nn.Module):
    """Multi-Dconv head transposed attention: the map is channels x channels, whatever the size of the picture."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.inward = _pointwise(channels, 3 * channels)
        self.local = _depthwise(3 * channels)
        self.outward = _pointwise(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, H, W)."""
        batch, channels, height, width = x.shape
        queries, keys, values = self.local(self.inward(x)).chunk(3, dim=1)
        queries = normalize(self._split(queries), dim=-1)
        keys = normalize(self._split(keys), dim=-1)
        cosines = queries @ keys.transpose(-2, -1)
        mixed = (cosines * self.temperature).softmax(dim=-1) @ self._split(values)
        return self.outward(mixed.reshape(batch, channels, height, width))  # type: ignore[no-any-return]

    def _split(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, heads, C / heads, H * W)."""
        return x.reshape(x.shape[0], self.heads, x.shape[1] // self.heads, -1)


class FeedForward(nn.Module):
    """Gated-Dconv feed-forward network."""

    def __init__(self, channels: int, expansion: float) -> None:
        super().__init__()
        hidden = int(channels * expansion)
        self.inward = _pointwise(channels, 2 * hidden)
        self.local = _depthwise(2 * hidden)
        self.outward = _pointwise(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, H, W)."""
        gate, content = self.local(self.inward(x)).chunk(2, dim=1)
        return self.outward(gelu(gate) * content)  # type: ignore[no-any-return]


class Block(nn.Module):
    """Pre-norm transformer block with residuals."""

    def __init__(self, channels: int, heads: int, expansion: float) -> None:
        super().__init__()
        self.attention_norm = ChannelNorm(channels)
        self.attention = TransposedAttention(channels, heads)
        self.feed_forward_norm = ChannelNorm(channels)
        self.feed_forward = FeedForward(channels, expansion)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, H, W)."""
        x = x + self.attention(self.attention_norm(x))
        return x + self.feed_forward(self.feed_forward_norm(x))  # type: ignore[no-any-return]


class RestormerNet(Restorer):
    """Rainy picture to clean picture through a U-shape of blocks.

    Level l works at 1 / 2**l of the resolution with dim * 2**l channels. The decoder's first level and the
    refinement keep both halves of the skip connection, 2 * dim channels, without a reduction.
    """

    def __init__(self, config: Restormer) -> None:
        super().__init__()
        self.config = config
        widths = [config.dim << level for level in range(len(config.blocks))]
        self.stem = _conv3x3(3, config.dim)
        self.encoder = nn.ModuleList(
            self._stage(config.blocks[level], width, level) for level, width in enumerate(widths)
        )
        self.down = nn.ModuleList(
            nn.Sequential(_conv3x3(width, width // 2), nn.PixelUnshuffle(2)) for width in widths[:-1]
        )
        self.up = nn.ModuleList(
            nn.Sequential(_conv3x3(width, 2 * width), nn.PixelShuffle(2)) for width in widths[1:]
        )
        self.reduce = nn.ModuleList(
            _pointwise(2 * width, width) if level else nn.Identity()
            for level, width in enumerate(widths[:-1])
        )
        decoded = [2 * config.dim, *widths[1:-1]]
        self.decoder = nn.ModuleList(
            self._stage(config.blocks[level], width, level) for level, width in enumerate(decoded)
        )
        self.refinement = self._stage(config.refinement, 2 * config.dim, 0)
        self.head = _conv3x3(2 * config.dim, 3)

    def _stage(self, n_blocks: int, channels: int, level: int) -> nn.Sequential:
        """The blocks of one level, one after the other."""
        heads = self.config.heads[level]
        return nn.Sequential(*(Block(channels, heads, self.config.ffn_expansion) for _ in range(n_blocks)))

    @property
    def multiple(self) -> int:
        """Height and width are padded to multiples of this."""
        return self.config.multiple

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1], of any size, to the same shape, not clipped."""
        height, width = image.shape[2:]
        x = self.stem(reflect_to_multiple(image, self.multiple))
        skips = []
        for stage, down in zip(self.encoder, self.down, strict=False):  # the deepest level has no way down
            skips.append(stage(x))
            x = down(skips[-1])
        x = self.encoder[-1](x)
        for level in reversed(range(len(skips))):
            joined = torch.cat([self.up[level](x), skips[level]], dim=1)
            x = self.decoder[level](self.reduce[level](joined))
        correction = self.head(self.refinement(x))
        return image + correction[:, :, :height, :width]  # type: ignore[no-any-return]


def _pointwise(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=1, bias=False)


def _depthwise(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, kernel_size=3, padding=1, groups=channels, bias=False)


def _conv3x3(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
