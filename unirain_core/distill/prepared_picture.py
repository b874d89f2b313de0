"""A picture as the models of a triplet are given it. Whoever prepares it needs no weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unirain_core.imaging.codec import RgbImage, to_float, to_uint8
from unirain_core.imaging.colour import luma


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPicture:
    """A picture as the captioner, the image encoder and the filter of Eq. 3 are given it."""

    for_caption: Any
    for_vector: Any
    structure: NDArray[np.uint8]
    """I."""


@dataclass(frozen=True, slots=True)
class PreparePicture:
    """Makes of a picture all that a triplet needs; it holds no weights."""

    for_caption: Callable[[RgbImage], Any]
    """Of the captioner."""
    for_vector: Callable[[RgbImage], Any]
    """Of the image encoder."""
    structure_side: int

    def __call__(self, image: RgbImage) -> PreparedPicture:
        """Of a picture of any size."""
        structure = structure_picture(image, self.structure_side)
        return PreparedPicture(self.for_caption(image), self.for_vector(image), structure)


def structure_picture(image: RgbImage, side: int) -> NDArray[np.uint8]:
    """The whole picture in grey, resized with antialiasing to a square: what Eq. 3 compares.

    The paper leaves size and colour of its SSIM open; here small, square and grey, so that pictures of all
    shapes can be compared.
    """
    grey = Image.fromarray(to_uint8(luma(to_float(image))))
    return np.asarray(grey.resize((side, side), Image.Resampling.BICUBIC), dtype=np.uint8)
