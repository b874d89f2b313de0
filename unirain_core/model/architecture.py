"""From a section of params to its network: an architecture is added by one line here."""

from typing import assert_never, overload

import torch

from unirain_core.config.architectures import Architecture, Restormer
from unirain_core.config.sections import Network
from unirain_core.model.baselines.restormer import RestormerNet
from unirain_core.model.network import UniRainNet
from unirain_core.model.restorer import Restorer


@overload
def build(config: Network, seed: int) -> UniRainNet: ...
@overload
def build(config: Architecture, seed: int) -> Restorer: ...
def build(config: Architecture, seed: int) -> Restorer:
    """A network whose weights are a function of its section and the seed alone, on the CPU.

    The layers' default initialisation draws from the CPU's default generator; it is borrowed and restored.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return _initialised(config)


def _initialised(config: Architecture) -> Restorer:
    match config:
        case Network():
            return UniRainNet(config)
        case Restormer():
            return RestormerNet(config)
        case _:
            assert_never(config)
