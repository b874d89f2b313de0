"""Which clean pictures of one part of the pool stand in another part too: the same file, re-encoded, cropped or mirrored.

A part is what one dataset uses for one purpose. A picture is looked for by the hashes of its views: pictures that share one
of 16 words of a hash are compared, those that are near are compared once more on small copies. Only pictures of different
parts are compared, so that a million frames of one video cost no more than they must.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from unirain_core.imaging.near import Hashes, Ints, spread, word_of
from unirain_core.imaging.views import DETAIL, N_WINDOWS, Octets, detail, likeness, mirrored, windows

BITS = 56
"""Largest distance of two hashes that are looked at once more: strangers begin at 57 (`imaging.hashes`)."""
ALIKE = 0.7
"""Likeness from which two pictures are copies: copies reach 0.83 and more, frames of one place 0.41, strangers 0.3."""
BETTER = 0.002
"""By so much the likeness of a window must exceed that of the whole picture for the copy to count as cropped."""
N_WORDS = 16
"""Of a hash: each has one bit of every row and of every column."""
CLEAN_KINDS = ("exact", "near", "cropped", "mirrored")
"""How two clean pictures are copies of each other; where several hold, the first is told."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The distinct clean pictures of each part; a picture that stands in two parts is two of them."""

    content: Ints
    """(N,) number of the picture's pixels."""
    part: Ints
    """(N,) number of the part."""
    hashes: Octets
    """(contents, N_WINDOWS, 32)"""
    small: Octets
    """(contents, SMALL, SMALL)"""
    sizes: Ints
    """(contents, 2) height and width."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two pictures of different parts that are copies of each other."""

    first: int
    second: int
    kind: str
    """One of CLEAN_KINDS."""
    likeness: float


def sightings(pictures: Pictures) -> Iterator[Match]:
    """For each picture and each other part the likeliest copy there, if there is one; and all of equal pixels."""
    settled: set[tuple[int, int]] = set()
    for first, second in _of_equal_pixels(pictures):
        settled |= {(first, int(pictures.part[second])), (second, int(pictures.part[first]))}
        yield Match(first, second, "exact", 1.0)
    for first, second, is_mirrored in candidates(pictures):
        aims = {(first, int(pictures.part[second])), (second, int(pictures.part[first]))}
        if aims <= settled:
            continue
        match = _compared(pictures, first, second, mirror=is_mirrored)
        if match is not None:
            settled |= aims
            yield match


def flat(pictures: Pictures) -> NDArray[np.bool_]:
    """Contents without any fine structure, such as a clear sky: only equal pixels tell that one is a copy of another."""
    return np.array([detail(small) < DETAIL for small in pictures.small], dtype=np.bool_)


def candidates(pictures: Pictures) -> Iterator[tuple[int, int, bool]]:
    """Pictures of different parts whose hashes are near, the nearest first, and whether one must be mirrored for it."""
    best: dict[tuple[int, int, bool], int] = {}
    chosen = np.flatnonzero(~flat(pictures)[pictures.content]).astype(np.int32)
    hashes = pictures.hashes[pictures.content[chosen]]
    for mirror, first, second, distance in near_words(hashes, pictures.part[chosen]):
        lower, upper = chosen[np.minimum(first, second)], chosen[np.maximum(first, second)]
        for one, other, bits in zip(lower.tolist(), upper.tolist(), distance.tolist(), strict=True):
            key = (one, other, mirror)
            best[key] = min(bits, best.get(key, BITS))
    nearest_first = sorted(best.items(), key=lambda item: (item[1], item[0]))
    for pair, _ in nearest_first:
        yield pair


def near_words(hashes: Octets, part: Ints) -> Iterator[tuple[bool, Ints, Ints, Ints]]:
    """Whether it is mirrored, the numbers of a view and of a whole picture of another part, and their distance.

    The two share a word, and are near.
    """
    wholes = _as_words(hashes[:, 0])
    n_parts = int(part.max(initial=0)) + 1
    for number in range(N_WORDS):
        word = word_of(wholes, number)
        order = np.lexsort((part, word)).astype(np.int32)
        word, place = word[order], word[order] * np.int64(n_parts) + part[order]
        for mirror, window in product((False, True), range(N_WINDOWS)):
            views = _as_words(mirrored(hashes[:, window]) if mirror else hashes[:, window])
            wanted = word_of(views, number)
            own = wanted * np.int64(n_parts) + part
            for starts, stops in _elsewhere(word, wanted, place, own):
                for first, at in spread(starts, stops):
                    yield mirror, *_closer(views, first, wholes, order[at])


def _elsewhere(
    word: Ints, wanted: Ints, place: NDArray[np.int64], own: NDArray[np.int64]
) -> Iterator[tuple[Ints, Ints]]:
    """Where the wanted words stand in the order of words and parts, before and after the own part."""
    starts, stops = (np.searchsorted(word, wanted, side).astype(np.int32) for side in ("left", "right"))
    own_starts, own_stops = (np.searchsorted(place, own, side).astype(np.int32) for side in ("left", "right"))
    yield starts, own_starts
    yield own_stops, stops


def _as_words(octets: Octets) -> Hashes:
    return np.ascontiguousarray(octets).view(np.uint64)


def _closer(views: Hashes, first: Ints, wholes: Hashes, second: Ints) -> tuple[Ints, Ints, Ints]:
    """Those that differ in at most BITS bits, and in how many: after each word of 64 bits the others are let go."""
    distance = np.zeros(len(first), dtype=np.int32)
    for view, whole in zip(views.T, wholes.T, strict=True):
        distance += np.bitwise_count(view[first] ^ whole[second])
        near = np.flatnonzero(distance <= BITS)
        first, second, distance = first[near], second[near], distance[near]
    return first, second, distance


def _of_equal_pixels(pictures: Pictures) -> Iterator[tuple[int, int]]:
    order = np.lexsort((pictures.part, pictures.content))
    content = pictures.content[order]
    starts = np.arange(1, len(order) + 1, dtype=np.int32)
    stops = np.searchsorted(content, content, side="right").astype(np.int32)
    for first, second in spread(starts, stops):
        yield from zip(order[first].tolist(), order[second].tolist(), strict=True)


def _compared(pictures: Pictures, first: int, second: int, *, mirror: bool) -> Match | None:
    """What two pictures are to each other, by the window of one that is most like the other."""
    one, other = int(pictures.content[first]), int(pictures.content[second])
    scores = [
        likeness(pictures.small[inner], box, pictures.small[outer], mirror=mirror)
        for inner, outer in ((one, other), (other, one))
        for box in windows(*pictures.sizes[inner].tolist())
    ]
    whole, best = scores[0], max(scores)
    if best < ALIKE:
        return None
    if mirror:
        return Match(first, second, "mirrored", best)
    return Match(first, second, "cropped" if best > whole + BETTER else "near", best)
