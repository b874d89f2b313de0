"""What a text encoder is: something that maps a caption to a vector."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TextEncoder(Protocol):
    """Maps a caption to a vector."""

    @property
    def name(self) -> str:
        """Which encoder made the vector."""
        ...

    def encode(self, caption: str) -> NDArray[np.float32]:
        """(D,) float32; distances between vectors mean distances between captions."""
        ...
