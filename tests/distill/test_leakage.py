"""Pairs are counted once for each other part, as the plainest copy that they are; a new rain over an old scene is told."""

import numpy as np
import pytest

from unirain_core.distill.leakage import Pairs, leaks
from unirain_core.distill.leakage_page import as_csv, into_training, page
from unirain_core.distill.sightings import Match
from unirain_core.imaging.views import N_WINDOWS, mirrored

RNG = np.random.default_rng(0)
RAINS = RNG.integers(0, 256, (8, N_WINDOWS, 32), dtype=np.uint8)
"""Any two hashes differ in about 128 bits."""
PARTS = [("bench", "test"), ("pool", "train")]


def pool(*rows):
    """Rows of (part, picture, rainy pixels, rain)."""
    numbers = np.array([row[:3] for row in rows], dtype=np.int32)
    rains = [one if isinstance(one, np.ndarray) else RAINS[one] for *_, one in rows]
    return Pairs(part=numbers[:, 0], picture=numbers[:, 1], rainy=numbers[:, 2], rain=np.stack(rains))


def counted(pairs, *matches):
    names = [f"p{number}" for number in range(len(pairs.part))]
    return {(leak.dataset, leak.kind): leak.pairs for leak in leaks(pairs, matches, PARTS, names)}


@pytest.mark.parametrize(
    ("clean", "rainy", "rain", "kind"),
    [
        ("exact", 0, 0, "exact"),
        ("exact", 1, 0, "near"),  # the clean file is the same, the rainy one was encoded again
        ("exact", 1, 1, "re_rained"),
        ("near", 1, 0, "near"),
        ("near", 1, 1, "re_rained"),
        ("cropped", 1, 0, "cropped"),
        ("cropped", 1, 1, "re_rained"),
        ("mirrored", 1, mirrored(RAINS[0]), "mirrored"),
        ("mirrored", 1, 0, "re_rained"),
    ],
)
def test_the_kind_follows_from_the_clean_picture_and_the_rain(clean, rainy, rain, kind):
    pairs = pool((0, 0, 0, 0), (1, 1, rainy, rain))

    assert {("bench", kind): 1, ("pool", kind): 1} == counted(pairs, Match(0, 1, clean, 0.9))


def test_rain_that_moved_by_some_bits_is_the_same_rain():
    moved = RAINS[1].copy()
    moved[0] = RAINS[0, 0]
    moved[0, :7] ^= 255

    assert {("bench", "near"): 1, ("pool", "near"): 1} == counted(
        pool((0, 0, 0, 0), (1, 1, 1, moved)), Match(0, 1, "near", 0.9)
    )


@pytest.mark.parametrize("window", range(N_WINDOWS))
def test_the_rain_of_a_crop_is_the_rain_of_its_window(window):
    cut = RAINS[1].copy()
    cut[0] = RAINS[0, window]

    for rows in (((0, 0, 0, 0), (1, 1, 1, cut)), ((0, 0, 0, cut), (1, 1, 1, 0))):
        assert {("bench", "cropped"): 1, ("pool", "cropped"): 1} == counted(
            pool(*rows), Match(0, 1, "cropped", 0.9)
        )


def test_a_pair_counts_once_as_the_plainest_copy_and_either_side_has_its_number():
    """One test scene under ten rains in training, one of which is the test pair's own."""
    rows = [(0, 0, 0, 0), (1, 1, 0, 0), *((1, 1, 10 + n, 1 + n % 7) for n in range(9))]

    assert {("bench", "exact"): 1, ("pool", "exact"): 1, ("pool", "re_rained"): 9} == counted(
        pool(*rows), Match(0, 1, "exact", 1.0)
    )


def test_counts_add_up_to_the_pairs_that_share_a_scene():
    rows = [(0, 0, 0, 0), (0, 1, 1, 1), (0, 2, 2, 2), (1, 3, 3, 0), (1, 4, 4, 1)]
    result = counted(pool(*rows), Match(0, 3, "near", 0.9), Match(1, 4, "cropped", 0.9))

    assert {
        ("bench", "near"): 1,
        ("bench", "cropped"): 1,
        ("pool", "near"): 1,
        ("pool", "cropped"): 1,
    } == result


def test_no_match_is_no_leak():
    assert {} == counted(pool((0, 0, 0, 0), (1, 1, 1, 1)))


def test_the_page_shows_first_what_of_a_benchmark_stands_in_training():
    pairs = pool((0, 0, 0, 0), (0, 2, 5, 5), (1, 1, 1, 1))
    found = leaks(pairs, [Match(0, 1, "exact", 1.0)], PARTS, ["b/0", "b/1", "p/0"])
    text = page(found, ["3 pairs were compared"])
    line = "| bench (test) | 2 | pool (train) |  |  |  |  | 1 | 1 (50.0%) | `b/0` = `p/0` |"

    assert ["bench"] == [leak.dataset for leak in into_training(found)]
    assert line in text.partition("## All sets")[0]
    assert "- 3 pairs were compared" in text
    assert "python -m benchmarks.leakage" in text
    assert "| 8 pixels less at the upper left | 100.0% of" in text
    assert 3 == len(as_csv(found).splitlines())
    assert as_csv(found).startswith(
        "dataset,role,other,other_role,kind,pairs,of,example,other_example,likeness\n"
    )


def test_a_pair_of_a_benchmark_is_held_out_as_a_test_pair_is():
    parts = [(name, "benchmark" if role == "test" else role) for name, role in PARTS]
    pairs = pool((0, 0, 0, 0), (1, 1, 1, 1))
    found = leaks(pairs, [Match(0, 1, "exact", 1.0)], parts, ["b/0", "p/0"])

    assert [("bench", "benchmark")] == [(leak.dataset, leak.role) for leak in into_training(found)]


def test_a_page_without_leaks_says_so():
    assert "None were found." in page([], [])
