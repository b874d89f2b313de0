"""What a training does for the experts of our network alone: noise for their routers, and a look at their routes."""

import torch
from torch import Tensor

from unirain_core.model.network import UniRainNet, draw_noise
from unirain_core.model.restorer import Restorer


def routing_noise(net: Restorer, batch: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """What a step's forward pass takes behind the pictures: the noise of ours, nothing where a network has none.

    Args:
        net: any network.
        batch: pictures of the step.
        generator: draws the noise, on its own device.
    """
    noise = draw_noise(net, batch, generator) if isinstance(net, UniRainNet) else None
    return () if noise is None else (noise,)


def expert_usage(net: Restorer, image: Tensor) -> dict[str, float]:
    """Mean route of every expert of ours as a metric, by the place of its block; empty for another network.

    Args:
        net: any network.
        image: (B, 3, H, W) in [0, 1].
    """
    if not isinstance(net, UniRainNet):
        return {}
    usage: dict[str, float] = {}
    for block, routes in net.routes(image).items():
        for expert, mean in enumerate(routes.float().mean(dim=0).tolist()):
            usage[f"experts/{block}/{expert}"] = mean
    return usage
