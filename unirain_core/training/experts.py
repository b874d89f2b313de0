"""Noise for the routers of our network, and a look at their routes. Other networks have neither."""

import torch
from torch import Tensor

from unirain_core.model.network import UniRainNet, draw_noise
from unirain_core.model.restorer import Restorer


def routing_noise(net: Restorer, batch: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """The inputs of a training step after the pictures: noise for our network, nothing for another.

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
