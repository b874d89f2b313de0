"""Pixels as bytes until the device computes with them: a quarter of the size of float32, and the same values.

Whatever prepares pictures for a model resizes them as bytes. Then it gives each of the 256 levels of each colour one float: it
divides, subtracts a mean, divides by a deviation. These floats are looked up here in a table that the very preparation made, so they
have the same last bit on every device. Computed on the device they would not: CUDA divides by a number as a product with its inverse.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

N_LEVELS = 256

Pixels = NDArray[np.uint8]


def values_of_levels(normal: Callable[[Pixels], Tensor]) -> Tensor:
    """(3, 256) the value of each level of each colour.

    Args:
        normal: gives the floats (3, 2, 256) of a picture (2, 256, 3), which it neither resizes nor crops.
    """
    levels = np.arange(N_LEVELS, dtype=np.uint8)
    # two rows: a picture of one row could be taken for one with the colours first
    ramp = np.ascontiguousarray(np.broadcast_to(levels[None, :, None], (2, N_LEVELS, 3)))
    return normal(ramp)[:, 0, :].clone()


def looked_up(pixels: Pixels, values: Tensor) -> Tensor:
    """The values of pixels, of the type of the table and on its device.

    Args:
        pixels: (N, 3, H, W).
        values: (3, 256) as `values_of_levels`.

    >>> dark_and_bright = np.broadcast_to(np.array([0, 255], dtype=np.uint8), (1, 3, 1, 2))
    >>> looked_up(dark_and_bright, torch.arange(768.0).reshape(3, 256))[0, 1]
    tensor([[256., 511.]])
    """
    colours = torch.arange(3, dtype=torch.int32, device=values.device).reshape(3, 1, 1)
    levels = torch.from_numpy(np.ascontiguousarray(pixels)).to(values.device)
    return values.flatten()[levels.int() + N_LEVELS * colours]


def processed(processor: Any, picture: Pixels, **cut: object) -> Pixels:  # noqa: ANN401 (a class of transformers)
    """(T, 3, S, S) the tiles of a picture (H, W, 3) as an image processor of `transformers` cuts and resizes them.

    Raises:
        TypeError: the processor does more than that to them.
    """
    whole = {"do_rescale": False, "do_normalize": False, "return_tensors": "np"}
    tiles = np.asarray(processor(Image.fromarray(picture), **whole, **cut)["pixel_values"])
    if tiles.dtype != np.uint8:
        raise TypeError(f"{type(processor).__name__} resizes pictures to {tiles.dtype}, and not to bytes")
    return tiles


def processed_values(processor: Any, **untouched: bool) -> Tensor:  # noqa: ANN401 (a class of transformers)
    """(3, 256) the values that an image processor of `transformers` gives the levels.

    Args:
        processor: as `processed`.
        untouched: what else than the resizing must be switched off for a picture to keep its shape.
    """

    def normal(ramp: Pixels) -> Tensor:
        out = processor(Image.fromarray(ramp), return_tensors="np", do_resize=False, **untouched)
        return torch.from_numpy(np.asarray(out["pixel_values"])[0])

    return values_of_levels(normal)
