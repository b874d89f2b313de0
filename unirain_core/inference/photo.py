"""One photo through a network, in tiles where it is too large for memory."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from unirain_core.imaging.codec import RgbImage, is_grey, to_float, to_uint8
from unirain_core.model.network import UniRainNet
from unirain_core.model.restorer import Restorer

WHOLE_PIXELS = 2**21
"""Photos up to this size go through the network whole, 2048 x 1024 among them: about 1.3 GB with the sample network."""

TILE = 512
"""Side of a tile in pixels. Buffers of this size stay in the processor's cache: 12 MP take less time than whole."""

OVERLAP = 64
"""Pixels that neighbouring tiles share; there one fades into the other."""


@torch.no_grad()
def derain(
    model: Restorer, image: RgbImage, *, whole_pixels: int = WHOLE_PIXELS, tile: int = TILE
) -> RgbImage:
    """Remove the rain from a photo of any size.

    A grey photo stays grey: where red, green and blue are equal in all pixels, they are so in the result. A network that learnt on
    colour tints such photos, those of night cameras among them.

    Routes and channel attention look at a whole picture. In a larger photo they look at each tile, so that the
    result differs a little from what the network would make of the whole photo.

    Args:
        model: a network, on any device; it is used as it is, so put it in evaluation mode.
        image: (H, W, 3) uint8 RGB.
        whole_pixels: larger photos are cut into tiles.
        tile: side of a tile, more than two overlaps.

    Returns:
        (H, W, 3) uint8 RGB: the restored picture, clipped and rounded to the nearest.
    """
    restored = _derained(model, image, whole_pixels, tile)
    return grey(restored) if is_grey(image) else restored


def grey(image: RgbImage) -> RgbImage:
    """The mean of the three channels of each pixel in all three, rounded to the nearest; the same shape and dtype."""
    mean = np.rint(image.mean(axis=2, dtype=np.float32)).astype(np.uint8)
    return np.repeat(mean[..., None], 3, axis=2)


def _derained(model: Restorer, image: RgbImage, whole_pixels: int, tile: int) -> RgbImage:
    height, width = image.shape[:2]
    if height * width <= whole_pixels:
        return _restored(model, image)
    result = np.empty_like(image)
    for place in _places(height, width, tile):
        fresh = _restored(model, image[place.rows, place.columns])
        _blend(result[place.rows, place.columns], fresh, place)
    return result


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tile lies."""

    rows: slice
    columns: slice

    @property
    def alpha(self) -> NDArray[np.float32]:
        """(h, w, 1) weight of the tile over what was written before: it fades in from the upper and left side."""
        down = _fade(self.rows.stop - self.rows.start, has_neighbour=self.rows.start > 0)
        right = _fade(self.columns.stop - self.columns.start, has_neighbour=self.columns.start > 0)
        return down[:, None, None] * right[None, :, None]


def _fade(length: int, *, has_neighbour: bool) -> NDArray[np.float32]:
    weights = np.ones(length, dtype=np.float32)
    if has_neighbour:
        ramp = np.arange(1, OVERLAP + 1, dtype=np.float32) / (OVERLAP + 1)
        weights[:OVERLAP] = ramp[:length]
    return weights


def _places(height: int, width: int, tile: int) -> Iterator[_Place]:
    """Tiles from the upper left to the lower right; each overlaps the ones above and to the left."""
    for top in _starts(height, tile):
        for left in _starts(width, tile):
            yield _Place(slice(top, min(top + tile, height)), slice(left, min(left + tile, width)))


def _starts(length: int, tile: int) -> list[int]:
    """Where tiles begin along one side; the last one ends with the side.

    >>> _starts(1000, 512), _starts(300, 512)
    ([0, 448, 488], [0])
    """
    if length <= tile:
        return [0]
    return [*range(0, length - tile, tile - OVERLAP), length - tile]


def _blend(below: RgbImage, fresh: RgbImage, place: _Place) -> None:
    """Lay a tile over what the earlier tiles have written; the first one covers all."""
    alpha = place.alpha
    mixed = below + alpha * (fresh.astype(np.float32) - below)
    below[...] = np.where(alpha < 1, np.rint(mixed), fresh).astype(np.uint8)


def _restored(model: Restorer, image: RgbImage) -> RgbImage:
    device = next(model.parameters()).device
    rainy = torch.from_numpy(to_float(image)).permute(2, 0, 1)[None].to(device)
    # of our network only the experts with a route run, with equal results
    restored = model(rainy, sparse=True) if isinstance(model, UniRainNet) else model(rainy)
    return to_uint8(restored[0].permute(1, 2, 0).float().cpu().numpy())
