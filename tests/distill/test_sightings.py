"""The search finds what a comparison of all views with all pictures finds, and only across parts."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.imaging.test_views import picture
from unirain_core.distill.sightings import BITS, Pictures, candidates, sightings
from unirain_core.imaging.views import mirrored, views


def pictures(images, part, content=None):
    seen = [views(image) for image in images]
    return Pictures(
        content=np.array(range(len(images)) if content is None else content, dtype=np.int32),
        part=np.array(part, dtype=np.int32),
        hashes=np.stack([one.hashes for one in seen]),
        small=np.stack([one.small for one in seen]),
        sizes=np.array([(one.height, one.width) for one in seen], dtype=np.int32),
    )


def kinds(pool):
    return {(min(m.first, m.second), max(m.first, m.second)): m.kind for m in sightings(pool)}


def cropped(image):
    return np.ascontiguousarray(image[8:, 8:])


def flipped(image):
    return np.ascontiguousarray(image[:, ::-1])


def test_each_copy_is_found_and_told_and_strangers_are_not():
    original = picture(0)
    darker = (original * 0.8).astype(np.uint8)
    images = [original, darker, cropped(original), flipped(original), flipped(cropped(original)), picture(9)]
    pool = pictures(images, part=range(6))

    assert {1: "near", 2: "cropped", 3: "mirrored", 4: "mirrored"} == {
        second: kind for (first, second), kind in kinds(pool).items() if first == 0
    }
    assert not any(5 in pair for pair in kinds(pool))


def test_pictures_of_one_part_are_not_compared():
    original = picture(0)

    assert {} == kinds(pictures([original, cropped(original)], part=[0, 0]))


def test_equal_pixels_in_three_parts_are_three_exact_pairs():
    pool = pictures([picture(0), picture(1)], part=[0, 1, 2, 0], content=[0, 0, 0, 1])

    assert {(0, 1): "exact", (0, 2): "exact", (1, 2): "exact"} == kinds(pool)


def test_an_exact_copy_is_told_even_of_a_picture_without_detail():
    sky = np.full((64, 64, 3), 120, dtype=np.uint8)
    pool = pictures([sky, sky + 1], part=[0, 1, 1], content=[0, 0, 1])

    assert {(0, 1): "exact"} == kinds(pool)


def test_no_picture_at_all():
    empty = pictures([picture(0)], part=[], content=[])

    assert [] == list(sightings(empty))


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=8))
def test_candidates_hold_all_pairs_that_share_a_word_and_no_others(facts):
    """Against a comparison of every view with every picture; a word of 16 bits is shared wherever few bits differ."""
    changes = (lambda i: i, cropped, flipped, lambda i: (i * 0.7).astype(np.uint8))
    images = [changes[change](picture(seed)) for seed, change, _ in facts]
    pool = pictures(images, part=[part for _, _, part in facts])
    exhaustive = set()
    for first, second in combinations(range(len(images)), 2):
        for mirror in (False, True):
            distance = min(_distance(pool, first, second, mirror), _distance(pool, second, first, mirror))
            if pool.part[first] != pool.part[second] and distance <= BITS:
                exhaustive.add((first, second, mirror, distance))
    found = set(candidates(pool))

    assert found <= {row[:3] for row in exhaustive}
    assert {row[:3] for row in exhaustive if row[3] <= 15} <= found  # 15 bits cannot touch all of 16 words


def _distance(pool, first, second, mirror):
    hashes = mirrored(pool.hashes[first]) if mirror else pool.hashes[first]
    return int(np.bitwise_count(hashes ^ pool.hashes[second, 0]).sum(axis=1, dtype=np.int64).min())
