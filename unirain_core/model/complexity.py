"""Size and cost of a network, counted from its layers.

The paper's Table 3 counts convolutions and linear layers alone: their weights as "parameters", their
multiply-adds for one 256 x 256 picture as "FLOPs". Norms, temperatures, matrix products of the attention and elementwise
work are in neither. Our network is counted from its weights, since its experts run as one product that hooks on
layers would miss; any other is counted layer by layer while a picture goes through it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor, nn

from unirain_core.config.architectures import Architecture
from unirain_core.model.architecture import build
from unirain_core.model.mixture import MixtureAttention
from unirain_core.model.network import UniRainNet
from unirain_core.model.restorer import Restorer
from unirain_core.model.routing import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Complexity:
    """The size of a network and the cost of one picture."""

    parameters: int
    """All parameters."""
    layer_parameters: int
    """Parameters of convolutions and linear layers, the paper's column."""
    dense_macs: int
    """Multiply-adds where every expert runs; of a network without experts, all that it does."""
    widest_macs: int
    """Multiply-adds where top-k routes choose the k widest experts everywhere; nearest to the paper's column, which does not say."""
    narrowest_macs: int
    """Multiply-adds where top-k routes choose the k narrowest experts everywhere."""


def complexity(config: Architecture, height: int = 256, width: int = 256) -> Complexity:
    """Count a network without allocating its weights.

    Args:
        config: the network.
        height: rows of the picture in pixels; rounded up as the network pads.
        width: columns of the picture in pixels.
    """
    with torch.device("meta"):
        net = build(config, seed=0)
        picture = torch.empty(1, 3, *(ceil(side / net.multiple) * net.multiple for side in (height, width)))
    if isinstance(net, UniRainNet):
        dense = _macs_of_experts(net, picture)
        widest = dense - _idle_macs(net, picture, widest=True)
        narrowest = dense - _idle_macs(net, picture, widest=False)
    else:
        dense = widest = narrowest = _macs_of_layers(net, picture)
    return Complexity(
        parameters=sum(weight.numel() for weight in net.parameters()),
        layer_parameters=_weights(net),
        dense_macs=dense,
        widest_macs=widest,
        narrowest_macs=narrowest,
    )


def _macs_of_layers(net: Restorer, picture: Tensor) -> int:
    """Multiply-adds of a network's convolutions and linear layers, counted while a picture goes through it."""
    total = 0

    def count(layer: nn.Conv2d | nn.Linear, _inputs: object, output: Tensor) -> None:
        nonlocal total
        positions = output.numel() // layer.weight.shape[0]
        total += layer.weight.numel() * positions

    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    with torch.no_grad():
        net(picture)
    return total


def _macs_of_experts(net: UniRainNet, picture: Tensor) -> int:
    """Multiply-adds of our network, every expert running."""
    routers = sum(_weights(module) for module in net.modules() if isinstance(module, Router))
    return routers + sum(_weights(part, but=Router) * positions for part, positions in _parts(net, picture))


def _idle_macs(net: UniRainNet, picture: Tensor, *, widest: bool) -> int:
    """Multiply-adds of the experts that do not run where top-k routes choose the k widest or narrowest."""
    idle = 0
    for part, positions in _parts(net, picture):
        for module in part.modules():
            if isinstance(module, MixtureAttention):
                idle += positions * _idle_weights(module, widest=widest)
    return idle


def _idle_weights(attention: MixtureAttention, *, widest: bool) -> int:
    if attention.router is None or attention.router.mode == "soft":
        return 0
    widths = sorted((expert.width for expert in attention.experts), reverse=widest)
    # equal for all: a channel's rows of qkv and local, and its column of out
    weights_of_a_channel = _weights(attention, but=Router) // sum(widths)
    return sum(widths[attention.router.active :]) * weights_of_a_channel


def _parts(net: UniRainNet, picture: Tensor) -> Iterator[tuple[nn.Module, int]]:
    """Every part of our network with the number of positions at which it works."""
    positions = picture.shape[2] * picture.shape[3] // net.config.shuffle**2
    yield net.stem, positions
    yield net.refinement, positions
    yield net.head, positions
    for parts, deeper in ((net.encoder, 0), (net.down, 0), (net.up, 1), (net.reduce, 0), (net.decoder, 0)):
        for level, part in enumerate(parts):
            yield part, positions // 4 ** (level + deeper)


def _weights(module: nn.Module, but: type[nn.Module] | None = None) -> int:
    """Weights of the convolutions and linear layers below a module, without those below a `but`."""
    if but is not None and isinstance(module, but):
        return 0
    own = module.weight.numel() if isinstance(module, nn.Conv2d | nn.Linear) else 0
    return own + sum(_weights(child, but) for child in module.children())
