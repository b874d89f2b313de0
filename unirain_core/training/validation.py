"""Measurements on the pairs of `val` while a training runs; no test pair is ever looked at."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.config.sections import RainType, Training
from unirain_core.imaging.codec import RgbImage, to_uint8
from unirain_core.imaging.protocols import psnr_by, ssim_by
from unirain_core.training.pairs import Example, centre_crop, read_pair, to_tensors
from unirain_core.training.strategies import LossMeter, pixel_loss

PROTOCOL: Final = "unirain"
"""The protocol of the tables of every profile. It is no param: who prints tables by another one trains nothing anew."""

Restore = Callable[[Tensor], Tensor]
"""(B, 3, H, W) in [0, 1] to the same; without gradients."""
Reduce = Callable[[Tensor], Tensor]
"""Sum of a tensor over all processes."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Quality on whole pictures."""

    psnr: list[float]
    """K means in dB, larger is better."""
    ssim: list[float]
    """K means, larger is better."""
    strips: dict[int, RgbImage]
    """Type to rainy, restored and clean side by side, of its first picture."""

    @property
    def mean_psnr(self) -> float:
        """Mean over the types in dB: what the best checkpoint is the best in."""
        return float(np.mean(self.psnr))


class Validation:
    """Crops and whole pictures of `val`, the same at every look."""

    def __init__(
        self,
        rows: Sequence[Sequence[SplitRow]],
        roots: Roots,
        training: Training,
        *,
        device: torch.device,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        """Read the pairs.

        Args:
            rows: of each rain type, at least one.
            roots: where the pictures lie.
            training: how many crops and pictures of each type, and which loss.
            device: where the network is.
            rank: this process measures every `world`-th of them, from the `rank`-th on.
            world: number of processes.
        """
        self._training, self._device, self._types = training, device, len(rows)
        crops = spread_pairs(rows, training.val_crops_per_type)[rank::world]
        self._crops = [(kind, centre_crop(read_pair(row, roots), training.patch)) for kind, row in crops]
        pictures = spread_pairs(rows, training.val_pictures_per_type)[rank::world]
        self._pictures = [(kind, read_pair(row, roots)) for kind, row in pictures]

    @torch.no_grad()
    def crop_losses(self, restore: Restore, reduce: Reduce) -> list[float]:
        """K mean losses of the fixed crops."""
        meter = LossMeter(self._types, self._device)
        size = self._training.batch_per_type * self._types
        for start in range(0, len(self._crops), size):
            chunk = self._crops[start : start + size]
            rainy, clean = (t.to(self._device) for t in to_tensors([crop for _, crop in chunk]))
            types = torch.tensor([kind for kind, _ in chunk], device=self._device)
            meter.add(pixel_loss(restore(rainy), clean, self._training.loss), types)
        return meter.means(reduce)

    def some_crops(self) -> Tensor:
        """(B, 3, patch, patch) rainy crops, of every type where this process has them all.

        This process must have a crop: the first one always has.
        """
        # about as many as a training batch holds, so that they fit into the device's memory
        step = max(1, len(self._crops) // (self._training.batch_per_type * self._types))
        return to_tensors([crop for _, crop in self._crops[::step]])[0].to(self._device)

    @torch.no_grad()
    def measure(self, restore: Restore, reduce: Reduce) -> Measured:
        """PSNR and SSIM of the whole pictures."""
        sums = torch.zeros(3, self._types, dtype=torch.float64, device=self._device)
        strips: dict[int, RgbImage] = {}
        for kind, example in self._pictures:
            restored = self._restored(example, restore)
            values = (
                psnr_by(PROTOCOL, restored, example.clean),
                ssim_by(PROTOCOL, restored, example.clean),
                1.0,
            )
            sums[:, kind] += torch.tensor(values, dtype=torch.float64, device=self._device)
            strips.setdefault(kind, np.concatenate([example.rainy, restored, example.clean], axis=1))
        total = reduce(sums).cpu()
        return Measured((total[0] / total[2]).tolist(), (total[1] / total[2]).tolist(), strips)

    def _restored(self, example: Example, restore: Restore) -> RgbImage:
        rainy = to_tensors([example])[0].to(self._device)
        return to_uint8(restore(rainy)[0].float().permute(1, 2, 0).cpu().numpy())


def shortage(
    rain_types: Sequence[RainType], rows: Sequence[Sequence[SplitRow]], training: Training
) -> list[str]:
    """A sentence where `val` has fewer pairs than crops are asked for, since each pair gives one; else none."""
    short = [
        f"{rain_type} {len(of_type)}"
        for rain_type, of_type in zip(rain_types, rows, strict=True)
        if len(of_type) < training.val_crops_per_type
    ]
    if not short:
        return []
    return [
        f"training.val_crops_per_type asks for {training.val_crops_per_type} crops of each rain type, one of a pair, and val has fewer "
        f"pairs: {', '.join(short)}; raise rainrag_split.val.per_type"
    ]


def spread_pairs(rows: Sequence[Sequence[SplitRow]], per_type: int) -> list[tuple[int, SplitRow]]:
    """So many pairs of each type, by the hash of their id: neighbours in a dataset are often alike."""
    pairs: list[tuple[int, SplitRow]] = []
    for kind, of_type in enumerate(rows):
        shuffled = sorted(of_type, key=lambda row: hashlib.sha256(row.pair_id.encode()).digest())
        pairs += [(kind, row) for row in shuffled[:per_type]]
    return pairs
