"""Integrity across rows: pairs that stand in the pool twice, training pictures of a benchmark, scenes.

All functions take columns whose rows stand in the order of their ids, so that the smaller row number is the earlier id.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unirain_core.imaging.near import AT_ONCE, Hashes, Ints, are_near, joined, near_sets, spread

Flags = NDArray[np.bool_]

PRIORITY = {"benchmark": 0, "test": 1, "val": 2, "train": 3}
"""Of two copies the one in a benchmark stays."""

NONE = -1
"""Stands where no row is meant."""


def leaks(clean: Hashes, sets: Ints, is_test: Flags, bits: int) -> Ints:
    """Pairs for training or validation whose clean picture also stands in a benchmark's test set.

    Args:
        clean: hashes of the clean pictures of all sound pairs.
        sets: of `near_sets` over them.
        is_test: whether the pair's dataset tests with it, as its own test part or as a benchmark.
        bits: largest distance of two copies of a picture.

    Returns:
        For each pair the first pair of a benchmark that shows its clean picture, or NONE.
    """
    tests = np.flatnonzero(is_test).astype(np.int32)
    tests = tests[np.argsort(sets[tests], kind="stable")]  # of each set in the order of ids
    set_of_test = sets[tests]
    tested = np.full(len(sets), len(sets), dtype=np.int32)
    others = np.flatnonzero(~is_test & np.isin(sets, set_of_test)).astype(np.int32)
    starts, stops = (
        np.searchsorted(set_of_test, sets[others], side).astype(np.int32) for side in ("left", "right")
    )
    for other, place in spread(starts, stops):
        pair, test = others[other], tests[place]
        near = are_near(clean, pair, test, bits)
        np.minimum.at(tested, pair[near], test[near])
    tested[tested == len(sets)] = NONE
    return tested


def duplicates(
    clean: Hashes, rain: Hashes, rows: Ints, *, sets: Ints, roles: NDArray[np.int8], bits: int
) -> Ints:
    """Pairs whose clean picture and whose rain stand in the pool already: exact and re-encoded copies.

    Many pairs share a clean picture with different rain: these are no duplicates.

    Args:
        clean: hashes of clean pictures.
        rain: hashes of what the rain adds.
        rows: where the hashes of the sound pairs that do not leak stand.
        sets: of `near_sets` over the clean pictures, of these pairs alone or among others.
        roles: of `PRIORITY`.
        bits: largest distance of two hashes of one pair's copies.

    Returns:
        For each pair the pair that stays in its place, or NONE where it stays itself.
    """
    order = np.lexsort((roles, sets)).astype(np.int32)  # a stable order: by id within a role
    in_order = sets[order]
    copy_of = np.full(len(sets), NONE, dtype=np.int32)
    for begin in range(0, len(sets), AT_ONCE):
        lefts = np.arange(begin, min(begin + AT_ONCE, len(sets)), dtype=np.int32)
        set_ends = np.searchsorted(in_order, in_order[lefts], side="right").astype(np.int32)
        for left, right in spread(lefts + 1, set_ends):
            first, second = order[left + begin], order[right]
            free = np.flatnonzero((copy_of[first] == NONE) & (copy_of[second] == NONE))
            first, second = first[free], second[free]
            rain_is_near = are_near(rain, rows[first], rows[second], bits)
            first, second = first[rain_is_near], second[rain_is_near]
            near = are_near(clean, rows[first], rows[second], bits)
            # one after the other: a pair that leaves takes no others with it
            for stays, leaves in zip(first[near].tolist(), second[near].tolist(), strict=True):
                if copy_of[stays] == NONE and copy_of[leaves] == NONE:
                    copy_of[leaves] = stays
    return copy_of


def sets_of_the_rest(clean: Hashes, sets: Ints, stay: Flags, bits: int) -> Ints:
    """The near sets of the pairs that stay: a set falls apart where the pair that held it together has left.

    Args:
        clean: of all pairs.
        sets: of `near_sets` over them.
        stay: which pairs stay.
        bits: as in `near_sets`.
    """
    lost = np.zeros(len(sets), dtype=np.bool_)
    lost[sets[~stay]] = True
    rest = sets[stay]
    torn = np.flatnonzero(lost[rest])
    rest[torn] = near_sets(clean[stay][torn], bits) + len(sets)
    return np.unique(rest, return_inverse=True)[1].astype(np.int32)


def doubled_photos(photos: pl.Series, pairs: pl.Series) -> Ints:
    """Photos of D_r whose pixels are another photo's, or a pair's rainy picture, which would find itself.

    Args:
        photos: hashes of the photos' pixels.
        pairs: hashes of the rainy pictures' pixels of the pairs that stay.

    Returns:
        For each photo the first pair with its pixels, as it is; or the first photo, counted on after the pairs; or NONE.
    """
    of_pairs = pairs.alias("pixels").to_frame().with_row_index("row")
    of_photos = photos.alias("pixels").to_frame().with_row_index("row", offset=len(pairs))
    wanted = of_pairs.join(of_photos.select("pixels").unique(), on="pixels", how="semi")
    first = pl.concat([wanted, of_photos]).group_by("pixels").agg(pl.col("row").min().alias("first"))
    other = of_photos.join(first, on="pixels", how="left", maintain_order="left")
    is_first = pl.col("first") == pl.col("row")
    return (
        other.select(pl.when(is_first).then(NONE).otherwise(pl.col("first")).cast(pl.Int32))
        .to_series()
        .to_numpy()
    )


def scenes(sets: Ints, groups: Ints) -> Ints:
    """The scene of every pair: pairs of one group, or with near-duplicate clean pictures, share it.

    A scene is named after its first group key, so that more pairs of a group do not rename it; where it has none, after
    its first pair.

    Args:
        sets: of the pairs that stay.
        groups: rank of the pair's group key among all; NONE where the dataset gives none.

    Returns:
        For each pair the pair whose group key, or else whose id, is the name of the scene.
    """
    n_sets = int(sets.max(initial=NONE)) + 1
    is_grouped = groups != NONE
    things = np.arange(n_sets + int(groups.max(initial=NONE)) + 1, dtype=np.int32)
    scene = joined(things, sets[is_grouped], groups[is_grouped] + n_sets)[sets]
    pairs = np.arange(len(sets), dtype=np.int32)
    by_name = np.lexsort((pairs, groups, ~is_grouped, scene)).astype(np.int32)
    scene_in_order = scene[by_name]
    return by_name[np.searchsorted(scene_in_order, scene)]


def are_night(luma: NDArray[np.float64], scene: Ints, night_luma: float) -> Flags:
    """Whether the median luma of a pair's scene lies below that of night.

    Args:
        luma: median luma of each pair's clean picture.
        scene: of `scenes`.
        night_luma: in [0, 1].
    """
    order = np.lexsort((luma, scene))
    starts = np.searchsorted(scene[order], scene)
    stops = np.searchsorted(scene[order], scene, side="right")
    low, high = luma[order[(starts + stops - 1) // 2]], luma[order[(starts + stops) // 2]]
    night: Flags = (low + high) / 2 < night_luma
    return night
