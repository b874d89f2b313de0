"""The restoration network: a U-shape of blocks, soft routes in the encoder and top-k routes in the decoder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from unirain_core.config.sections import Network, Routing
from unirain_core.model.blocks import Block
from unirain_core.model.layout import (
    Conv3x3,
    channels_first,
    channels_last,
    fold,
    reflect_to_multiple,
    unfold,
)
from unirain_core.model.restorer import Restorer
from unirain_core.model.routing import Router


class Stage(nn.ModuleList):
    """Blocks of one level, one after the other."""

    def __init__(
        self,
        n_blocks: int,
        channels: int,
        heads: int,
        mode: Routing,
        shares: tuple[float, ...],
        config: Network,
    ) -> None:
        super().__init__(Block(channels, heads, mode, shares, config) for _ in range(n_blocks))

    def forward(self, x: Tensor, noise: Tensor | None, *, sparse: bool) -> Tensor:
        """(B, H, W, C) to (B, H, W, C)."""
        for block in self:
            x = block(x, noise, sparse=sparse)
        return x


class UniRainNet(Restorer):
    """Rainy picture to clean picture.

    Level l works at 1 / 2**l of the stem's resolution with dim * 2**l channels; the decoder's first level
    and the refinement keep both halves of the skip connection, 2 * dim channels, without a reduction.
    """

    def __init__(self, config: Network) -> None:
        super().__init__()
        self.config = config
        levels = range(len(config.blocks))
        widths = [config.dim * 2**level for level in levels]
        colours = 3 * config.shuffle**2
        self.stem = Conv3x3(colours, config.dim)
        self.encoder = nn.ModuleList(
            Stage(
                config.blocks[level],
                widths[level],
                config.heads[level],
                config.encoder,
                config.encoder_widths,
                config,
            )
            for level in levels
        )
        self.down = nn.ModuleList(Conv3x3(width, width // 2) for width in widths[:-1])
        self.up = nn.ModuleList(Conv3x3(width, width * 2) for width in widths[1:])
        self.reduce = nn.ModuleList(
            nn.Linear(2 * width, width, bias=False) if level else nn.Identity()
            for level, width in enumerate(widths[:-1])
        )
        self.decoder = nn.ModuleList(
            self._decoder_stage(config.blocks[level], level) for level in levels[:-1]
        )
        self.refinement = self._decoder_stage(config.refinement, 0)
        self.head = Conv3x3(2 * config.dim, colours)
        self.noise_width = self._share_noise()

    def _decoder_stage(self, n_blocks: int, level: int) -> Stage:
        config = self.config
        width = config.dim * 2 ** max(1, level)
        return Stage(n_blocks, width, config.heads[level], config.decoder, config.decoder_widths, config)

    def _share_noise(self) -> int:
        """Give each router its own columns of the noise; returns how many there are."""
        width = 0
        for router in self.modules():
            if isinstance(router, Router):
                router.place = slice(width, width + router.projection.in_features)
                width = router.place.stop
        return width

    @property
    def multiple(self) -> int:
        """Height and width are padded to multiples of this."""
        return self.config.multiple

    def forward(self, image: Tensor, noise: Tensor | None = None, *, sparse: bool = False) -> Tensor:
        """Restore a batch; each picture's result depends on that picture alone.

        Args:
            image: (B, 3, H, W) rainy pictures in [0, 1], of any size.
            noise: (B, noise_width) from `draw_noise`; needed in training with `noise_std` > 0, else unread.
            sparse: run only the chosen experts of top-k routes; equal results, not for `torch.compile`.

        Returns:
            (B, 3, H, W) restored pictures, not clipped.
        """
        height, width = image.shape[2:]
        padded = reflect_to_multiple(image, self.multiple)
        correction = self._correction(channels_last(padded), noise, sparse=sparse)
        return image + channels_first(correction)[:, :, :height, :width]

    def _correction(self, x: Tensor, noise: Tensor | None, *, sparse: bool) -> Tensor:
        x = self.stem(fold(x, self.config.shuffle))
        skips = []
        for stage, down in zip(self.encoder, self.down, strict=False):
            x = stage(x, noise, sparse=sparse)
            skips.append(x)
            x = fold(down(x), 2)
        x = self.encoder[-1](x, noise, sparse=sparse)
        for up, skip, reduce, stage in zip(
            reversed(self.up), reversed(skips), reversed(self.reduce), reversed(self.decoder), strict=True
        ):
            x = stage(reduce(torch.cat([unfold(up(x), 2), skip], dim=-1)), noise, sparse=sparse)
        x = self.refinement(x, noise, sparse=sparse)
        return unfold(self.head(x), self.config.shuffle)

    @torch.no_grad()
    def routes(self, image: Tensor) -> dict[str, Tensor]:
        """Routes of each picture in each routed block, by the block's place in the network.

        Args:
            image: (B, 3, H, W) in [0, 1].

        Returns:
            Block's name (as `encoder.0.1`: level 0, block 1) to (B, N) routes; empty without routers.
        """
        seen: dict[str, Tensor] = {}
        with ExitStack() as watching:
            for name, module in self.named_modules():
                if isinstance(module, Router):
                    watching.enter_context(_watched(module, name.removesuffix(".attention.router"), seen))
            self(image)
        return seen


@contextmanager
def _watched(router: Router, name: str, seen: dict[str, Tensor]) -> Iterator[None]:
    def note(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        seen[name] = output

    handle = router.register_forward_hook(note)
    try:
        yield
    finally:
        handle.remove()


def draw_noise(net: UniRainNet, batch: int, generator: torch.Generator) -> Tensor | None:
    """Noise of one training step, (batch, noise_width) standard normal on the generator's device.

    None where the configuration asks for none; then nothing is drawn.
    """
    if net.config.noise_std == 0.0 or net.noise_width == 0:
        return None
    return torch.randn(batch, net.noise_width, generator=generator, device=generator.device)
