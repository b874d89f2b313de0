"""Size and cost of a network, counted from its layers.

Convention of the paper's Table 3: "parameters" are those of convolutions and linear layers, "FLOPs" are their
multiply-adds for one 256 x 256 picture. Norms, temperatures, matrix products of the attention and elementwise
work are in neither. The count is analytic, since experts run as one product that hooks on layers would miss.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import torch
from torch import nn

from unirain_core.config.sections import Network
from unirain_core.model.mixture import MixtureAttention
from unirain_core.model.network import UniRainNet
from unirain_core.model.routing import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Complexity:
    """What a network holds and what one picture costs."""

    parameters: int
    """All parameters."""
    layer_parameters: int
    """Parameters of convolutions and linear layers, the paper's column."""
    dense_macs: int
    """Multiply-adds where every expert runs."""
    widest_macs: int
    """Multiply-adds where top-k routes choose the k widest experts everywhere, the paper's column."""
    narrowest_macs: int
    """Multiply-adds where top-k routes choose the k narrowest experts everywhere."""


def complexity(config: Network, height: int = 256, width: int = 256) -> Complexity:
    """Count a network without allocating its weights.

    Args:
        config: the network.
        height: rows of the picture in pixels; rounded up as the network pads.
        width: columns of the picture in pixels.
    """
    with torch.device("meta"):
        net = UniRainNet(config)
    rows, columns = (ceil(side / net.multiple) * net.multiple for side in (height, width))
    area = rows * columns // config.shuffle**2
    parts = [(part, area // 4**level) for part, level in _leveled(net)]
    routers = sum(_weights(module) for module in net.modules() if isinstance(module, Router))
    dense = routers + sum(_weights(part, but=Router) * positions for part, positions in parts)
    return Complexity(
        parameters=sum(weight.numel() for weight in net.parameters()),
        layer_parameters=_weights(net),
        dense_macs=dense,
        widest_macs=dense - sum(_idle(part, widest=True) * positions for part, positions in parts),
        narrowest_macs=dense - sum(_idle(part, widest=False) * positions for part, positions in parts),
    )


def _leveled(net: UniRainNet) -> Iterator[tuple[nn.Module, int]]:
    """Every part of the network with the level whose resolution it works at."""
    yield from ((part, 0) for part in (net.stem, net.refinement, net.head))
    for parts, deeper in ((net.encoder, 0), (net.down, 0), (net.up, 1), (net.reduce, 0), (net.decoder, 0)):
        yield from ((part, level + deeper) for level, part in enumerate(parts))


def _weights(module: nn.Module, but: type[nn.Module] | None = None) -> int:
    """Weights of the convolutions and linear layers below a module, without those below a `but`."""
    if but is not None and isinstance(module, but):
        return 0
    own = module.weight.numel() if isinstance(module, nn.Conv2d | nn.Linear) else 0
    return own + sum(_weights(child, but) for child in module.children())


def _idle(part: nn.Module, *, widest: bool) -> int:
    """Weights of the experts that do not run when top-k routes choose the k widest or narrowest."""
    return sum(
        sum(sorted((expert.width for expert in module.experts), reverse=widest)[module.router.active :])
        * (_weights(module, but=Router) // sum(expert.width for expert in module.experts))
        for module in part.modules()
        if isinstance(module, MixtureAttention) and module.router is not None and module.router.mode == "hard"
    )
