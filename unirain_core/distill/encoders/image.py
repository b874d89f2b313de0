"""What an image encoder is: something that maps a picture to a vector."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unirain_core.imaging.codec import RgbImage


class ImageEncoder(Protocol):
    """Maps a picture to a vector, f."""

    @property
    def name(self) -> str:
        """Which encoder made the vector."""
        ...

    def encode(self, image: RgbImage) -> NDArray[np.float32]:
        """(D,) float32 of unit length, of a picture of any size."""
        ...
