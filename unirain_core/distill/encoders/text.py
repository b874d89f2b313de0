"""What a text encoder is: something that maps a caption to a vector."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unirain_core.engine.pools import Device


class TextEncoder(Protocol):
    """Maps a caption to a vector. Making one is cheap: a model is loaded by the first batch."""

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
        """Captions that it takes at once."""
        ...

    def encode(self, captions: Sequence[str]) -> NDArray[np.float32]:
        """(N, D) vectors, one of each caption; distances between vectors mean distances between captions."""
        ...
