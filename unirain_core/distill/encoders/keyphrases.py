"""Captions with their key phrases: the phrases of a caption whose text vectors are nearest to that of the whole caption.

The paper cites KeyBERT (Grootendorst, 2020) for the captions of queries, and gives no further detail. This is KeyBERT's method, with
the text encoder of Eq. (1).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from unirain_core.distill.costs import Cost, Costed
from unirain_core.distill.encoders.captioner import Captioner, captions_of
from unirain_core.distill.encoders.text import TextEncoder
from unirain_core.distill.preparing import preparation
from unirain_core.engine.pools import Device
from unirain_core.imaging.codec import RgbImage

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "has",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "some",
        "that",
        "the",
        "there",
        "this",
        "to",
        "very",
        "was",
        "were",
        "with",
    ]
)
"""No phrase is one of these words, or begins or ends with one."""
USUAL_CANDIDATES = 15
"""Candidates in a caption of ten words; the forecast of the cost counts so many text vectors."""
_LONGEST = 2
"""The most words of a phrase."""


class KeyphraseCaptioner:
    """As `Captioner` and `Preparing`: the caption of another one, and its phrases after a semicolon."""

    def __init__(self, inner: Captioner, text: TextEncoder, n_phrases: int) -> None:
        """Refine the captions of `inner` with at most `n_phrases` phrases."""
        self._inner, self._text, self._n_phrases = inner, text, n_phrases
        self.prepare = preparation(inner)

    @property
    def form(self) -> str:
        """As `Captioner.form`."""
        return f"{self._inner.form} + {self._n_phrases} keyphrases by {self._text.name}"

    @property
    def device(self) -> Device:
        """As `Captioner.device`."""
        return "gpu" if "gpu" in (self._inner.device, self._text.device) else "cpu"

    @property
    def batch(self) -> int:
        """As `Captioner.batch`."""
        return min(self._inner.batch, self._text.batch)

    @property
    def cost(self) -> Cost | None:
        """As `Costed.cost`: the caption's own, and that of the vectors of its phrases."""
        inner = self._inner.cost if isinstance(self._inner, Costed) else None
        text = self._text.cost if isinstance(self._text, Costed) else None
        if inner is None or text is None:
            return inner
        return replace(inner, flops=inner.flops + USUAL_CANDIDATES * text.flops)

    def captions(self, images: Sequence[RgbImage]) -> list[str]:
        """As `Captioner.captions`."""
        return self.of_prepared([self.prepare(image) for image in images])

    def of_prepared(self, prepared: Sequence[Any]) -> list[str]:
        """As `Preparing.of_prepared`."""
        captions: list[str] = []
        for caption in captions_of(self._inner, prepared):
            phrases = keyphrases(caption, self._text, self._n_phrases)
            captions.append(f"{caption}; {', '.join(phrases)}" if phrases else caption)
        return captions


def keyphrases(caption: str, text: TextEncoder, most: int) -> list[str]:
    """The phrases nearest to the whole caption, the nearest first; equally near ones in the order of the caption.

    Args:
        caption: in English.
        text: encoder of the caption and of its phrases; the cosine of their vectors decides.
        most: phrases at most.
    """
    phrases = candidates(caption)
    if not phrases:
        return []
    vectors = text.encode([caption, *phrases]).astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors[1:] @ vectors[0] / np.maximum(lengths[1:] * lengths[0], np.finfo(np.float64).tiny)
    # rounded, so that phrases which differ only in the last bits of a float count as equally near on every machine
    order = np.argsort(-np.round(cosines, 9), kind="stable")[:most]
    return [phrases[place] for place in order]


def candidates(caption: str) -> list[str]:
    """Single words and neighbours that are no stop words, each once, in the order of the caption.

    >>> candidates("a night street with heavy rain")
    ['night', 'night street', 'street', 'heavy', 'heavy rain', 'rain']
    """
    words = re.findall(r"[\w-]+", caption.lower())
    phrases: dict[str, None] = {}
    for start, word in enumerate(words):
        if word in STOP_WORDS:
            continue
        phrases[word] = None
        for stop in range(start + 2, start + _LONGEST + 1):
            if stop <= len(words) and words[stop - 1] not in STOP_WORDS:
                phrases[" ".join(words[start:stop])] = None
    return list(phrases)
