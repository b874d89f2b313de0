"""The weight of each expert for each picture: soft and top-k routes."""

from typing import Literal

import torch
from torch import Tensor, nn

from unirain_core.config.sections import Network


def soft_route(pooled: Tensor, projection: Tensor, noise: Tensor | None = None) -> Tensor:
    """Eq. (11). Weight of each expert for each picture: softmax of a projection of the pooled features.

    The paper adds the noise before the pooling, where averaging shrinks it by the root of the number of
    pixels; here it is added after, so that its scale does not depend on the picture's size.

    Args:
        pooled: (B, C) features averaged over each picture.
        projection: (N, C) weights of the router.
        noise: (B, C) added to the features; None outside of training.

    Returns:
        (B, N) routes, at least float32; each row sums to 1.
    """
    features = pooled if noise is None else pooled + noise
    precise = torch.promote_types(features.dtype, torch.float32)
    # a product and a sum, not `linear`: autocast would round to bf16, and near-ties would flip the top k
    logits = (features.to(precise)[:, None, :] * projection.to(precise)).sum(dim=-1)
    return logits.softmax(dim=-1)


def hard_route(routes: Tensor, active: int, *, renormalise: bool = False) -> Tensor:
    """Eq. (13). Keep the largest routes of each picture, zero the others.

    The paper leaves open whether the kept routes are scaled to sum to 1; Eq. 14 as printed does not.

    Args:
        routes: (B, N) from `soft_route`.
        active: k, how many stay; at most N.
        renormalise: scale the kept routes to sum to 1.

    >>> hard_route(torch.tensor([[0.5, 0.125, 0.375]]), active=2)
    tensor([[0.5000, 0.0000, 0.3750]])
    """
    largest = routes.topk(active, dim=-1).indices
    kept = routes * torch.zeros_like(routes).scatter(-1, largest, 1.0)
    return kept / kept.sum(dim=-1, keepdim=True) if renormalise else kept


class Router(nn.Module):
    """Routes of a batch; each picture's depend on that picture and its noise alone."""

    place: slice
    """Columns of the network's noise that are this router's; the network sets it."""

    def __init__(self, channels: int, n_experts: int, mode: Literal["soft", "hard"], config: Network) -> None:
        super().__init__()
        self.projection = nn.Linear(channels, n_experts, bias=False)
        self.mode, self.active, self.renormalise = mode, config.active, config.renormalise
        self.noise_std = config.noise_std
        self.place = slice(0, channels)

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, H, W, C) features to (B, N) routes.

        Args:
            x: features.
            noise: (B, at least `place.stop`) standard normal numbers, read in training only.
        """
        pooled = x.mean(dim=(1, 2))
        routes = soft_route(pooled, self.projection.weight, self._scaled(noise))
        if self.mode == "soft":
            return routes
        return hard_route(routes, self.active, renormalise=self.renormalise)

    def _scaled(self, noise: Tensor | None) -> Tensor | None:
        if not self.training or self.noise_std == 0.0:
            return None
        if noise is None:
            raise ValueError(f"training with noise_std = {self.noise_std} needs noise (see `draw_noise`)")
        return self.noise_std * noise[:, self.place]
