"""The mixture of attention experts: all of them in one graph, or only the ones that are routed to."""

import torch
from torch import Tensor, nn

from unirain_core.model.attention import ExpertBank, channel_attention
from unirain_core.model.experts import Expert, channel_heads, channel_owners
from unirain_core.model.layout import Conv3x3
from unirain_core.model.routing import Router


def soft_mixture(x: Tensor, bank: ExpertBank, routes: Tensor | None) -> Tensor:
    """Eq. (12). Sum of the experts' outputs, each times its route: every expert runs.

    A sum of projected attentions is one projection of one block-diagonal attention, so the routes weigh
    the maps' rows, the output projection is folded into the maps, and the values are read once.

    Args:
        x: (B, H, W, C) features.
        bank: weights of the experts.
        routes: (B, N); zeros silence an expert; None: weight 1, the plain attention of Table 6.

    Returns:
        (B, H, W, C).
    """
    maps, values = channel_attention(x, bank)
    if routes is not None:
        maps = maps * routes[:, bank.owner, None].to(maps.dtype)
    return (values @ (bank.out @ maps).transpose(1, 2)).reshape(x.shape)


def hard_mixture(x: Tensor, bank: ExpertBank, routes: Tensor) -> Tensor:
    """Eq. (14). Sum of the chosen experts' outputs, each times its route: only experts with a route run.

    Equal to `soft_mixture` of the same routes and cheaper, but which experts run depends on the data:
    one picture after the other, not for `torch.compile`.

    Args:
        x: (B, H, W, C) features.
        bank: weights of the experts.
        routes: (B, N), zero for an expert that is not chosen.

    Returns:
        (B, H, W, C).
    """
    mixed = []
    for picture, route in zip(torch.split(x, 1), torch.split(routes, 1), strict=True):
        chosen = route[0, bank.owner].nonzero()[:, 0]
        mixed.append(soft_mixture(picture, bank.only(chosen), route))
    return torch.cat(mixed)


class MixtureAttention(nn.Module):
    """Channel attention of several experts and the router that weighs them."""

    head: Tensor
    owner: Tensor

    def __init__(self, channels: int, experts: tuple[Expert, ...], router: Router | None) -> None:
        super().__init__()
        width = sum(expert.width for expert in experts)
        self.experts = experts
        self.qkv = nn.Linear(channels, 3 * width, bias=False)
        self.local = Conv3x3(3 * width, 3 * width, groups=3 * width)
        self.out = nn.Linear(width, channels, bias=False)
        self.temperature = nn.Parameter(torch.ones(sum(expert.heads for expert in experts)))
        self.router = router
        self.register_buffer("head", torch.tensor(channel_heads(experts)), persistent=False)
        self.register_buffer("owner", torch.tensor(channel_owners(experts)), persistent=False)

    def bank(self) -> ExpertBank:
        """The weights as the functions of this module take them."""
        width = self.out.in_features
        return ExpertBank(
            qkv=self.qkv.weight.reshape(3, width, -1),
            local=self.local.weight.reshape(3, width, 1, 3, 3),
            out=self.out.weight,
            temperature=self.temperature,
            head=self.head,
            owner=self.owner,
        )

    def forward(self, x: Tensor, noise: Tensor | None = None, *, sparse: bool = False) -> Tensor:
        """(B, H, W, C) to (B, H, W, C); `sparse` runs only the experts with a route, with equal results."""
        if self.router is None:
            return soft_mixture(x, self.bank(), routes=None)
        routes = self.router(x, noise)
        mixture = hard_mixture if sparse and self.router.mode == "hard" else soft_mixture
        return mixture(x, self.bank(), routes)
