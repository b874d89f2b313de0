"""Pairs of pictures from disk, and crops of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.pairs import read_both

MEMORY_BUDGET = 2 * 1024**3
"""Bytes of decoded pictures, of all rain types together, that stay in the memory of one process."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A rainy picture and its clean one, (H, W, 3) uint8 both."""

    rainy: RgbImage
    clean: RgbImage


def read_pair(row: SplitRow, roots: Roots) -> Example:
    """Decode a pair; where one file holds both, cut it in two.

    Raises:
        ChangedInputError: a file is not the one that was listed.
    """
    return Example(*read_both(row.rainy, row.clean, roots))


class Pictures:
    """Decoded pairs by position. Those that are read first stay in memory, as far as they fit into a budget of bytes."""

    def __init__(self, rows: Sequence[SplitRow], roots: Roots, budget: int) -> None:
        self._rows, self._roots, self._budget = rows, roots, budget
        self._kept: dict[int, Example] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Example:
        example = self._kept.get(index)
        if example is not None:
            return example
        example = read_pair(self._rows[index], self._roots)
        size = example.rainy.nbytes + example.clean.nbytes
        if size <= self._budget:
            self._kept[index] = example
            self._budget -= size
        return example


def random_crop(example: Example, side: int, rng: np.random.Generator, *, turned: bool) -> Example:
    """A square crop at a random place, mirrored or not, the same of both pictures.

    Args:
        example: a pair.
        side: of the crop, pixels.
        rng: decides place, mirror and turn.
        turned: whether it may also be turned by 90, 180 or 270 degrees.
    """
    padded = _at_least(example, side)
    height, width = padded.rainy.shape[:2]
    # the order of the draws decides every crop of every training: a change of it is a change of results
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    turns = int(rng.integers(4)) if turned else 0
    is_mirrored = bool(rng.integers(2))

    def cut(image: RgbImage) -> RgbImage:
        crop = np.rot90(image[top : top + side, left : left + side], turns)
        return crop[:, ::-1] if is_mirrored else crop

    return Example(cut(padded.rainy), cut(padded.clean))


def centre_crop(example: Example, side: int) -> Example:
    """The square crop in the middle."""
    padded = _at_least(example, side)
    top, left = ((n - side) // 2 for n in padded.rainy.shape[:2])
    return Example(*(image[top : top + side, left : left + side] for image in (padded.rainy, padded.clean)))


def to_tensors(examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """Rainy and clean pictures of one size as (B, 3, H, W) float32 in [0, 1]."""
    return _to_tensor([e.rainy for e in examples]), _to_tensor([e.clean for e in examples])


def _to_tensor(images: Sequence[RgbImage]) -> Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous().float().div_(255.0)


def _at_least(example: Example, side: int) -> Example:
    """Both pictures mirrored at the far edges until no side is shorter than `side`."""
    short = [max(0, side - n) for n in example.rainy.shape[:2]]
    if not any(short):
        return example
    margins = ((0, short[0]), (0, short[1]), (0, 0))
    return Example(*(np.pad(image, margins, mode="symmetric") for image in (example.rainy, example.clean)))
