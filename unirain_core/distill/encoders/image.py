"""What an image encoder is: something that maps a picture to a vector."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unirain_core.distill.preparing import Preparing
from unirain_core.engine.pools import Device
from unirain_core.imaging.codec import RgbImage


class ImageEncoder(Protocol):
    """Maps a picture to a vector, f. Making one is cheap: a model is loaded by the first batch."""

    @property
    def name(self) -> str:
        """Which encoder made the vector."""
        ...

    @property
    def device(self) -> Device:
        """Where its model runs."""
        ...

    @property
    def batch(self) -> int:
        """Pictures that it takes at once."""
        ...

    def encode(self, images: Sequence[RgbImage]) -> NDArray[np.float32]:
        """(N, E) vectors of unit length, one of each picture; the pictures have any size."""
        ...


def vectors_of(encoder: ImageEncoder, prepared: Sequence[Any]) -> NDArray[np.float32]:
    """The vectors of pictures that `preparation(encoder)` prepared."""
    if isinstance(encoder, Preparing):
        return np.asarray(encoder.of_prepared(prepared), dtype=np.float32)
    return encoder.encode(prepared)
