"""Find the clean pictures of one part of the pool that stand in another part too: equal, re-encoded, cropped or mirrored.

A part is all pictures that one dataset has for one purpose. The search has three steps. Pictures that share one of 16 words of a
hash are compared by all bits; those that are near are compared once more on small copies; those that are alike are matches. Only
pictures of different parts are compared, so a video of a million frames is not compared with itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from unirain_core.imaging.near import Hashes, Ints, spread, word_of
from unirain_core.imaging.views import DETAIL, N_WINDOWS, Octets, detail, likeness, mirrored, windows

BITS = 56
"""Two pictures are candidates if their hashes differ in at most so many bits; different pictures differ in 57 and more
(`imaging.hashes`)."""
ALIKE = 0.7
"""Two pictures are copies from this likeness on. Copies reach 0.83 and more, frames of one place 0.41, different pictures 0.3."""
BETTER = 0.002
"""A copy counts as cropped if a window is more alike than the whole picture, by more than this."""
N_WORDS = 16
"""Words of a hash, 16 bits each; a word has one bit of every row and of every column."""
CLEAN_KINDS = ("exact", "near", "cropped", "mirrored")
"""How two clean pictures are copies of each other; where several hold, the first counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The distinct clean pictures of each part; a picture that stands in two parts is listed twice."""

    content: Ints
    """(N,) a number for the picture's pixels: its row in the arrays below."""
    part: Ints
    """(N,) number of the part."""
    hashes: Octets
    """(contents, N_WINDOWS, 32) difference hashes of the windows."""
    small: Octets
    """(contents, SMALL, SMALL) small grey copies, 0 to 255."""
    sizes: Ints
    """(contents, 2) height and width, pixels."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two pictures of different parts that are copies of each other."""

    first: int
    second: int
    kind: str
    """One of CLEAN_KINDS."""
    likeness: float


def sightings(pictures: Pictures) -> Iterator[Match]:
    """All pictures with equal pixels, then for each picture and each other part one copy there, if there is one."""
    settled: set[tuple[int, int]] = set()  # a picture, and a part in which it has a match
    for first, second in _of_equal_pixels(pictures):
        settled |= {(first, int(pictures.part[second])), (second, int(pictures.part[first]))}
        yield Match(first, second, "exact", 1.0)
    for first, second, is_mirrored in candidates(pictures):
        both_ways = {(first, int(pictures.part[second])), (second, int(pictures.part[first]))}
        if both_ways <= settled:
            continue
        match = _compared(pictures, first, second, mirror=is_mirrored)
        if match is not None:
            settled |= both_ways
            yield match


def flat(pictures: Pictures) -> NDArray[np.bool_]:
    """(contents,) whether a picture has no fine structure, such as a clear sky: then only equal pixels show a copy."""
    return np.array([detail(small) < DETAIL for small in pictures.small], dtype=np.bool_)


def candidates(pictures: Pictures) -> Iterator[tuple[int, int, bool]]:
    """Pictures of different parts whose hashes are near, the nearest first.

    Returns:
        Numbers of two pictures, and whether their hashes are near when one of them is mirrored.
    """
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
    """Windows of pictures whose hashes share a word with a whole picture of another part, and are near to it.

    Args:
        hashes: (N, N_WINDOWS, 32) of the pictures.
        part: (N,) of the pictures.

    Returns:
        Whether the windows are mirrored, numbers of the pictures of the windows, numbers of the whole pictures, and the bits in
        which the two hashes differ.
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
    """Ranges of whole pictures that share a word with each window, without those of the window's own part.

    Args:
        word: words of the whole pictures, sorted.
        wanted: word of each window.
        place: word and part of the whole pictures as one number, sorted.
        own: word and part of each window as one number.

    Returns:
        First starts and stops of the ranges before the own part, then those after it.
    """
    starts, stops = (np.searchsorted(word, wanted, side).astype(np.int32) for side in ("left", "right"))
    own_starts, own_stops = (np.searchsorted(place, own, side).astype(np.int32) for side in ("left", "right"))
    yield starts, own_starts
    yield own_stops, stops


def _as_words(octets: Octets) -> Hashes:
    return np.ascontiguousarray(octets).view(np.uint64)


def _closer(views: Hashes, first: Ints, wholes: Hashes, second: Ints) -> tuple[Ints, Ints, Ints]:
    """The candidates that differ in at most BITS bits, and in how many.

    Those that already differ in more are left out after each 64 bits, since most of them do so after the first.
    """
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
    """The match of two pictures, by the window of one that is most like the other; None: they are no copies."""
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
