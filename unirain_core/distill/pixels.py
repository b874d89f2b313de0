"""Pixels as whole numbers until the device computes with them: a quarter of the bytes of float32, and the same values.

Whatever prepares pictures for a model resizes them as bytes. Then it gives each of the 256 levels of each colour one float: it
divides, subtracts a mean, divides by a deviation. These floats are looked up here in a table that the very preparation made, so they
have the same last bit on every device. Computed on the device they would not: CUDA divides by a number as a product with its inverse.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

N_LEVELS = 256


def ramp() -> NDArray[np.uint8]:
    """(2, 256, 3) a picture in which each column has its own level; two rows, so that nobody takes a row for a colour."""
    levels = np.arange(N_LEVELS, dtype=np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels[None, :, None], (2, N_LEVELS, 3)))


def values_of_levels(prepared: Callable[[NDArray[np.uint8]], Tensor]) -> Tensor:
    """(3, 256) the value of each level of each colour.

    Args:
        prepared: gives the floats (3, 2, 256) of a picture (2, 256, 3), which it neither resizes nor crops.
    """
    return prepared(ramp())[:, 0, :].clone()


def looked_up(pixels: Tensor, values: Tensor) -> Tensor:
    """The values of pixels, of the type of the table and on its device.

    Args:
        pixels: (N, 3, H, W) uint8, on any device.
        values: (3, 256) as `values_of_levels`.

    >>> looked_up(torch.tensor([[[[0, 2]]] * 3], dtype=torch.uint8).reshape(1, 3, 1, 2), torch.arange(768.0).reshape(3, 256))[0, 1]
    tensor([[256., 258.]])
    """
    colour = torch.arange(3, dtype=torch.int32, device=values.device).reshape(3, 1, 1) * N_LEVELS
    return values.flatten()[pixels.to(values.device).int() + colour]
