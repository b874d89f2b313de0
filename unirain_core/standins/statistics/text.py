"""Stand-in caption vectors: words, weighted and hashed."""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unirain_core.engine.pools import Device
from unirain_core.standins.statistics.fitted import Fitted, fitted
from unirain_core.standins.statistics.frame import BATCH

DIMENSIONS = 256
KEY_WORDS = {"night": 5.0, "day": 5.0, "streaks": 5.0, "drops": 5.0}
"""Words that name the rain type; heavier than the rarest others, whose inverse document frequency stays below 4."""
UNKNOWN = 1.0
"""Weight of a word that no caption of the fit held."""


@dataclass(frozen=True, slots=True)
class StatisticsTextEncoder:
    """Stand-in without a model: words and word pairs, weighted and hashed with a sign."""

    fit: Fitted = field(default_factory=fitted)

    @property
    def name(self) -> str:
        """As `TextEncoder.name`."""
        return f"statistics/hashed-words@{self.fit.digest}"

    @property
    def device(self) -> Device:
        """Statistics need no GPU."""
        return "cpu"

    @property
    def batch(self) -> int:
        """As many as are held in memory at once; nothing is gained by more."""
        return BATCH

    def encode(self, captions: Sequence[str]) -> NDArray[np.float32]:
        """(N, 256), as `TextEncoder.encode`."""
        weights = {**self.fit.inverse_frequency, **KEY_WORDS}
        return np.stack([hashed(terms(caption), weights) for caption in captions])


def terms(caption: str) -> list[str]:
    """Words and pairs of neighbouring words.

    >>> terms("few lamps, mostly red")
    ['few', 'lamps', 'mostly', 'red', 'few lamps', 'lamps mostly', 'mostly red']
    """
    words = re.findall(r"\w+", caption.lower())
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))]


def hashed(words: list[str], weights: Mapping[str, float]) -> NDArray[np.float32]:
    """Sum of the words' weights, each at the place and with the sign that its CRC-32 gives."""
    vector = np.zeros(DIMENSIONS)
    for word in words:
        code = zlib.crc32(word.encode())
        vector[code % DIMENSIONS] += (1 if code >> 31 else -1) * weights.get(word, UNKNOWN)
    return vector.astype(np.float32)
