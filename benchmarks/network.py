"""Time of the network in two forms each, as ratios: one product against separate experts, dense against sparse.

    python benchmarks/network.py                 the sample profile's network
    python benchmarks/network.py --paper         the paper's, on the GPU where there is one
    python benchmarks/network.py --paper --bf16 --compile

The two forms run in turns (A B A B ...) and the fastest turn of each counts, so that a busy machine disturbs
both alike. Both forms give equal results; a ratio below 1 says that the first is faster.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated

import torch
import typer
from torch import Tensor

from unirain_core.config.sections import Network
from unirain_core.model.architecture import build
from unirain_core.model.blocks import Block
from unirain_core.model.mixture import MixtureAttention, soft_mixture
from unirain_core.model.network import UniRainNet

SMALL = Network(dim=16, blocks=(1, 1, 2), refinement=1, heads=(1, 2, 4), ffn_expansion=2.0, shuffle=2)
PAPER = Network(dim=48, blocks=(4, 6, 6, 8), refinement=4, heads=(1, 2, 4, 8), ffn_expansion=2.5)


class SeparateAttention(MixtureAttention):
    """The same mixture with every expert run by itself."""

    def forward(self, x: Tensor, noise: Tensor | None = None, *, sparse: bool = False) -> Tensor:
        """(B, H, W, C) to (B, H, W, C)."""
        bank, routes = self.bank(), self.router(x, noise) if self.router else None
        ends = list(accumulate((expert.width for expert in self.experts), initial=0))
        experts = [
            bank.only(torch.arange(*ends[i : i + 2], device=x.device)) for i in range(len(self.experts))
        ]
        return torch.stack([soft_mixture(x, expert, routes) for expert in experts]).sum(dim=0)


def separate(net: UniRainNet) -> UniRainNet:
    """Put separate experts with the same weights into a network."""
    for block in net.modules():
        if isinstance(block, Block):
            fused = block.attention
            block.attention = SeparateAttention(fused.out.out_features, fused.experts, fused.router)
            block.attention.load_state_dict(fused.state_dict())
    return net


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The things that both forms of a comparison share."""

    config: Network
    image: Tensor
    """(B, 3, H, W) in [0, 1], on the device that is timed."""
    bf16: bool
    compiled: bool
    turns: int

    def net(self) -> UniRainNet:
        """A fresh network on the device."""
        return build(self.config, seed=0).to(self.image.device)

    def run(self, net: Callable[..., Tensor], *, sparse: bool = False) -> Tensor:
        """Forward at the precision that was asked for."""
        with torch.autocast(self.image.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            return net(self.image, sparse=sparse)

    def seconds(self, work: Callable[[], object]) -> float:
        """Wall time of one call, the device's queue emptied before and after."""
        _wait(self.image.device)
        begin = time.perf_counter()
        work()
        _wait(self.image.device)
        return time.perf_counter() - begin


def main(
    paper: Annotated[bool, typer.Option("--paper", help="The paper's network.")] = False,
    side: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = 128,
    batch: Annotated[int, typer.Option(help="Pictures of a training batch; inference takes one.")] = 2,
    turns: Annotated[int, typer.Option(help="Turns of each form.")] = 5,
    bf16: Annotated[bool, typer.Option("--bf16", help="Autocast to bfloat16.")] = False,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the dense forms.")] = False,
) -> None:
    """Print the ratios of one machine, one setup."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    images = torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    config = PAPER if paper else SMALL
    where = (
        torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    )
    print(
        f"{'paper' if paper else 'small'} network, {side} x {side}, {where}, bf16 {bf16}, compile {compiled}"
    )
    train = Setup(config=config, image=images, bf16=bf16, compiled=compiled, turns=turns)
    infer = Setup(config=config, image=images[:1], bf16=bf16, compiled=compiled, turns=turns)
    _print("one product / separate experts, forward and backward", *fused_against_separate(train))
    _print("sparse / dense dispatch, forward, one picture", *sparse_against_dense(infer))


def fused_against_separate(setup: Setup) -> tuple[float, float]:
    """Seconds of a training step's forward and backward in both forms."""
    fused, apart = setup.net(), separate(setup.net()).to(setup.image.device)
    return _fastest(setup, _training_step(setup, fused), _training_step(setup, apart))


def _training_step(setup: Setup, net: UniRainNet) -> Callable[[], None]:
    forward = torch.compile(net) if setup.compiled else net

    def step() -> None:
        net.zero_grad()
        setup.run(forward).float().square().mean().backward()  # type: ignore[no-untyped-call]

    return step


@torch.no_grad()
def sparse_against_dense(setup: Setup) -> tuple[float, float]:
    """Seconds of one picture with the chosen experts, and with all of them."""
    net = setup.net().eval()
    dense = torch.compile(net) if setup.compiled else net
    return _fastest(setup, lambda: setup.run(net, sparse=True), lambda: setup.run(dense))


def _fastest(setup: Setup, one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    one(), other()  # the first calls allocate and compile
    turns = [(setup.seconds(one), setup.seconds(other)) for _ in range(setup.turns)]
    return min(turn[0] for turn in turns), min(turn[1] for turn in turns)


def _print(what: str, one: float, other: float) -> None:
    print(f"{what}: {one / other:.2f} ({one:.3f} s / {other:.3f} s)")


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    typer.run(main)
