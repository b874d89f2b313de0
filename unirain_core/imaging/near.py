"""Near hashes among millions: exact, and without comparing all with all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from unirain_core.imaging.hashes import SIDE

Hashes = NDArray[np.uint64]
"""(N, 4): a row holds the 256 bits of one hash."""
Ints = NDArray[np.int32]
Links = tuple[Ints, Ints]
"""Numbers of what is joined with what."""

AT_ONCE = 1 << 18
"""Comparisons, or hashes that look for some, at a time: their arrays take some MiB."""

_MOST_FLIPS = 3
"""With four flips a word stands beside 2,517 of 65,536 values, in 16 words: more than half of all hashes."""

_FEW = 2048
"""Hashes that are compared all with all sooner than their words are sorted."""


def as_hashes(hashes: Sequence[bytes]) -> Hashes:
    """Hashes of 32 bytes each as an array."""
    return np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(len(hashes), 4)


def are_near(hashes: Hashes, first: Ints, second: Ints, bits: int) -> NDArray[np.bool_]:
    """Whether hashes differ in at most `bits` bits, for each two row numbers."""
    near = np.empty(len(first), dtype=np.bool_)
    for begin in range(0, len(first), AT_ONCE):
        some = slice(begin, begin + AT_ONCE)
        distance = np.zeros(len(first[some]), dtype=np.uint16)
        for column in hashes.T:
            distance += np.bitwise_count(column[first[some]] ^ column[second[some]])
        near[some] = distance <= bits
    return near


def spread(starts: Ints, stops: Ints) -> Iterator[Links]:
    """Each row's number with every number of the row's range, in order.

    A piece holds `AT_ONCE` pairs at most, or the range of one row.

    >>> [(i.tolist(), j.tolist()) for i, j in spread(np.array([5, 0, 7]), np.array([7, 0, 8]))]
    [([0, 0, 2], [5, 6, 7])]
    """
    counts = np.maximum(stops - starts, 0)
    ends = np.cumsum(counts, dtype=np.int64)
    begin = 0
    while begin < len(counts):
        done = ends[begin] - counts[begin]
        end = max(begin + 1, int(np.searchsorted(ends, done + AT_ONCE, side="right")))
        lengths = counts[begin:end]
        if lengths.any():
            row = np.repeat(np.arange(begin, end, dtype=np.int32), lengths)
            shift = starts[begin:end] - (ends[begin:end] - done - lengths)
            yield row, np.arange(len(row), dtype=np.int32) + np.repeat(shift.astype(np.int32), lengths)
        begin = end


def joined(sets: Ints, first: Ints, second: Ints) -> Ints:
    """The sets after some of them were joined, numbered anew from 0 on.

    Args:
        sets: (N,) number of each thing's set.
        first: numbers of sets.
        second: as many, each joined with its counterpart.

    >>> joined(np.array([0, 1, 2, 3]), np.array([0]), np.array([2])).tolist()
    [0, 1, 0, 2]
    """
    n_sets = int(sets.max(initial=-1)) + 1
    links = coo_array((np.ones(len(first), dtype=np.int32), (first, second)), shape=(n_sets, n_sets))
    return connected_components(links, directed=False)[1].astype(np.int32)[sets]


def near_sets(hashes: Hashes, bits: int) -> Ints:
    """The set of each hash: two share one where steps of at most `bits` bits lead from hash to hash.

    A hash is cut into 16 words. Two hashes that differ in at most 30 bits differ in at most one bit of some word, so that
    a hash is compared only where a word is equal but for one bit, and only where no steps join the two already.

    Args:
        hashes: distinct or not.
        bits: largest step. From 64 bits on, all are compared with all.

    Returns:
        (N,) numbers of sets, from 0 on.
    """
    sets = _sets_of_neighbours(hashes, bits)
    if len(hashes) <= _FEW or bits >= (_MOST_FLIPS + 1) * SIDE:
        no_word = np.zeros(len(hashes), dtype=np.int32)
        return _joined_by_word(hashes, no_word, 0, sets, bits)
    for number in range(SIDE):
        # over all words, flips + 1 add up to bits + 1: were there more in each word, the hashes would not be near
        flips = (bits + 1 + number) // SIDE - 1
        if flips >= 0:
            sets = _joined_by_word(hashes, word_of(hashes, number), flips, sets, bits)
    return sets


def word_of(hashes: Hashes, number: int) -> Ints:
    """One of 16 words of 16 bits: one of each row and of each column of the hash.

    Neighbours in a row or a column are alike. On crops of photographs such words agree 2.5 times less often by chance
    than the rows do.
    """
    octets = hashes.view(np.uint8).reshape(len(hashes), SIDE * SIDE // 8)
    word = np.zeros(len(hashes), dtype=np.int32)
    for row in range(SIDE):
        bit = row * SIDE + (5 * row + number) % SIDE
        word |= ((octets[:, bit // 8] >> (7 - bit % 8)) & 1).astype(np.int32) << row
    return word


def _sets_of_neighbours(hashes: Hashes, bits: int) -> Ints:
    """Sets by comparisons of neighbours in some orders: nearly all frames of a video already share one."""
    sets = np.arange(len(hashes), dtype=np.int32)
    for column in hashes.T:
        for turn in range(0, 64, 16):
            turned = (column << np.uint64(turn)) | (column >> np.uint64((64 - turn) % 64))
            order = np.argsort(turned).astype(np.int32)
            near = are_near(hashes, order[:-1], order[1:], bits)
            sets = joined(sets, sets[order[:-1][near]], sets[order[1:][near]])
    return sets


def _joined_by_word(hashes: Hashes, word: Ints, flips: int, sets: Ints, bits: int) -> Ints:
    """The sets after all hashes were compared whose word differs in at most `flips` bits."""
    return joined(sets, *_links(hashes, word, flips, sets, bits))


def _links(hashes: Hashes, word: Ints, flips: int, sets: Ints, bits: int) -> Links:
    """Numbers of sets that are near each other."""
    order = np.lexsort((sets, word)).astype(np.int32)
    in_order, sets_in_order = hashes[order], sets[order]
    first, second = np.empty(0, np.int32), np.empty(0, np.int32)
    words = _Words.of(word[order], sets_in_order)
    del order
    for begin in range(0, len(hashes), AT_ONCE):
        for starts, stops in words.ranges(slice(begin, begin + AT_ONCE), flips):
            for row, right in spread(starts, stops):
                left = row + np.int32(begin)
                near = are_near(in_order, left, right, bits)
                first = np.concatenate([first, sets_in_order[left[near]]])
                second = np.concatenate([second, sets_in_order[right[near]]])
                if len(first) > AT_ONCE:  # many hashes of two sets may be near; one link of the two is enough
                    first, second = np.unique(np.stack([first, second]), axis=1)
    return first, second


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """A word of every hash, in the order of words and sets."""

    word: Ints
    sets: Ints
    place: NDArray[np.int64]
    """Word and set in one number, ascending."""
    bounds: Ints
    """Where each word begins."""
    sizes: Ints
    """Hashes of each set."""

    @classmethod
    def of(cls, word: Ints, sets: Ints) -> Self:
        """Of columns that stand in order already."""
        bounds = np.searchsorted(word, np.arange(2**SIDE + 1)).astype(np.int32)
        sizes = np.bincount(sets).astype(np.int32)
        return cls(word, sets, word * np.int64(len(word)) + sets, bounds, sizes)

    def ranges(self, rows: slice, flips: int) -> Iterator[Links]:
        """Begin and end of the places of the hashes that each hash of some rows is compared with.

        These are the hashes of other sets whose word differs in at most `flips` bits. Each two meet once.
        """
        word, sets, place, bounds = self.word[rows], self.sets[rows], self.place, self.bounds
        is_crowd = self.sizes[sets] > 1
        yield np.searchsorted(place, place[rows], side="right").astype(np.int32), bounds[word + 1]
        for n_flipped in range(1, flips + 1):
            for flipped in combinations(range(SIDE), n_flipped):
                other = word ^ np.int32(sum(1 << bit for bit in flipped))
                starts, stops = bounds[other], bounds[other + 1]
                stops[other < word] = 0  # those came by already, from the other side
                own_start, own_stop = starts.copy(), starts.copy()
                crowd = np.flatnonzero(is_crowd & (stops > starts))
                own = other[crowd] * np.int64(len(place)) + sets[crowd]
                own_start[crowd] = np.searchsorted(place, own, side="left")
                own_stop[crowd] = np.searchsorted(place, own, side="right")
                yield starts, own_start
                yield own_stop, stops
