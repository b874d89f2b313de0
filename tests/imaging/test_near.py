"""Sets of near hashes are those of all comparisons, however the hashes lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from unirain_core.imaging import near
from unirain_core.imaging.hashes import hamming
from unirain_core.imaging.near import are_near, as_hashes, joined, near_sets, spread


def by_all_comparisons(hashes, bits):
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None]).sum(axis=-1, dtype=np.uint16)
    return connected_components(distance <= bits, directed=False)[1]


def are_equal_sets(first, second):
    both = set(zip(first.tolist(), second.tolist(), strict=True))
    return len(both) == len(set(first.tolist())) == len(set(second.tolist()))


def flipped(rng, hashes, n_bits):
    """Copies with up to so many bits of each flipped."""
    copies = hashes.copy()
    for _ in range(n_bits):
        bit = rng.integers(0, 256, len(copies))
        copies[np.arange(len(copies)), bit // 64] ^= np.uint64(1) << (bit % 64).astype(np.uint64)
    return copies


def chains(rng, n):
    """Hashes of which each is the one before with some bits flipped, or a new one."""
    hashes = rng.integers(0, 2**64, (n, 4), dtype=np.uint64)
    for i in range(1, n):
        if rng.random() < 0.8:
            hashes[i] = flipped(rng, hashes[i - 1 : i], int(rng.integers(0, 40)))[0]
    return hashes


def skewed(rng, n):
    """Hashes of which most bits are zero, as those of smooth pictures are."""
    bits = rng.random((n, 256)) < rng.choice([0.02, 0.06, 0.12], (n, 1))
    return np.packbits(bits, axis=1).view(np.uint64)


def crowded(rng, n):
    """A few pictures, many frames of each, some of them equal."""
    centres = rng.integers(0, 2**64, (4, 4), dtype=np.uint64)
    return flipped(rng, centres[rng.integers(0, 4, n)], 12)


def half_equal(rng, n):
    """Hashes that differ in their last 48 bits alone."""
    hashes = rng.integers(0, 2**64, (n, 4), dtype=np.uint64)
    hashes[:, :3] = 7
    hashes[:, 3] &= np.uint64(2**48 - 1)
    return hashes


@pytest.mark.parametrize("make", [chains, skewed, crowded, half_equal])
@settings(max_examples=20)  # each sorts 65,536 bounds for 16 words
@given(seed=st.integers(0, 2**32), bits=st.sampled_from([0, 1, 7, 14, 15, 16, 30, 31, 47, 63, 64, 100]))
def test_sets_are_those_of_all_comparisons(make, seed, bits):
    rng = np.random.default_rng(seed)
    hashes = make(rng, int(rng.integers(0, 90)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_FEW", 0)  # the words are used
        patch.setattr(near, "AT_ONCE", 50)
        assert are_equal_sets(by_all_comparisons(hashes, bits), near_sets(hashes, bits))


@pytest.mark.parametrize("make", [chains, skewed, crowded, half_equal])
def test_thousands_of_hashes_fall_into_the_sets_of_all_comparisons(make):
    hashes = make(np.random.default_rng(5), 2500)

    assert are_equal_sets(by_all_comparisons(hashes, 30), near_sets(hashes, 30))


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(0, 47), st.integers(0, 255))
def test_words_alone_join_two_hashes_that_are_just_near(seed, bits, start):
    """Their neighbours are never compared: what is near is then found by words or not at all."""
    rng = np.random.default_rng(seed)
    places = (start + rng.permutation(256))[: bits + 1] % 256
    first = rng.integers(0, 2, 256, dtype=np.uint8)
    just, beyond = first.copy(), first.copy()
    just[places[:bits]] ^= 1
    beyond[places] ^= 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_FEW", 0)
        patch.setattr(near, "_sets_of_neighbours", lambda hashes, _: np.arange(len(hashes), dtype=np.int32))
        for other, n_sets in ((just, 1), (beyond, 2)):
            hashes = np.packbits(np.stack([first, other]), axis=1).view(np.uint64)
            assert n_sets == len(set(near_sets(hashes, bits).tolist()))


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=6), st.integers(0, 256))
def test_hashes_are_near_where_their_distance_says_so(hashes, bits):
    n = len(hashes)
    first, second = np.divmod(np.arange(n * n, dtype=np.int32), np.int32(n))
    expected = [hamming(hashes[i], hashes[j]) <= bits for i, j in zip(first, second, strict=True)]

    assert expected == are_near(as_hashes(hashes), first, second, bits).tolist()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), st.integers(1, 9))
def test_ranges_are_spread_in_order_and_in_bounded_pieces(ranges, at_once):
    expected = [(i, j) for i, (start, stop) in enumerate(ranges) for j in range(start, stop)]
    starts, stops = (np.array([r[side] for r in ranges], dtype=np.int32) for side in (0, 1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "AT_ONCE", at_once)
        pieces = [list(zip(*map(np.ndarray.tolist, piece), strict=True)) for piece in spread(starts, stops)]

    assert expected == [pair for piece in pieces for pair in piece]
    assert all(len(piece) <= at_once or len({i for i, _ in piece}) == 1 for piece in pieces)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20))
def test_joined_things_are_in_one_set_and_others_are_not(joins):
    labels = {n: {n} for n in range(13)}
    for first, second in joins:
        union = labels[first] | labels[second]
        labels |= dict.fromkeys(union, union)
    first, second = (np.array([j[side] for j in joins], dtype=np.int32) for side in (0, 1))
    sets = joined(np.arange(13, dtype=np.int32), first, second)

    for one in range(13):
        assert labels[one] == set(np.flatnonzero(sets == sets[one]).tolist())
