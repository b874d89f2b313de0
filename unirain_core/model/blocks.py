"""The transformer block: a mixture of attentions, then a gated feed-forward network."""

from torch import Tensor, nn
from torch.nn.functional import gelu

from unirain_core.config.sections import Network, Routing
from unirain_core.model.experts import share_out
from unirain_core.model.layout import Conv3x3
from unirain_core.model.mixture import MixtureAttention
from unirain_core.model.routing import Router


class FeedForward(nn.Module):
    """Gated feed-forward network with a depthwise convolution."""

    def __init__(self, channels: int, expansion: float) -> None:
        super().__init__()
        hidden = int(channels * expansion)
        self.inward = nn.Linear(channels, 2 * hidden, bias=False)
        self.local = Conv3x3(2 * hidden, 2 * hidden, groups=2 * hidden)
        self.outward = nn.Linear(hidden, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) to (B, H, W, C)."""
        gate, content = self.local(self.inward(x)).chunk(2, dim=-1)
        return self.outward(gelu(gate) * content)  # type: ignore[no-any-return]


class Block(nn.Module):
    """Pre-norm transformer block with residuals."""

    def __init__(
        self, channels: int, heads: int, mode: Routing, shares: tuple[float, ...], config: Network
    ) -> None:
        super().__init__()
        experts = share_out(channels, heads, shares if mode != "none" else (sum(shares),))
        router = None if mode == "none" else Router(channels, len(shares), mode, config)
        self.attention_norm = nn.LayerNorm(channels)
        self.attention = MixtureAttention(channels, experts, router)
        self.feed_forward_norm = nn.LayerNorm(channels)
        self.feed_forward = FeedForward(channels, config.ffn_expansion)

    def forward(self, x: Tensor, noise: Tensor | None = None, *, sparse: bool = False) -> Tensor:
        """(B, H, W, C) to (B, H, W, C)."""
        x = x + self.attention(self.attention_norm(x), noise, sparse=sparse)
        return x + self.feed_forward(self.feed_forward_norm(x))  # type: ignore[no-any-return]
