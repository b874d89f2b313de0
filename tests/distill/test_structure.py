"""The nearest by SSIM are those of the literal program, whatever float32 and the memory make of it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill import structure
from unirain_core.distill.similarity import structural_similarity
from unirain_core.distill.structure import Structures, Workspace

SEEDS = st.integers(0, 2**32 - 1)
SIDE = 24


def picture(kind, rng, side=SIDE):
    """A natural grey, or something at the end of what eight bits can hold."""
    checks = np.indices((side, side)).sum(axis=0) % 2
    match kind:
        case "noise":
            made = rng.integers(0, 256, (side, side))
        case "smooth":
            coarse = rng.integers(0, 256, (side // 8 + 1, side // 8 + 1))
            made = np.kron(coarse, np.ones((8, 8)))[:side, :side]
        case "flat":
            made = np.full((side, side), rng.integers(0, 256))
        case "black":
            made = np.zeros((side, side))
        case "white":
            made = np.full((side, side), 255)
        case "checks":
            made = 255 * checks
        case "nearly white":
            made = 255 - checks
        case "nearly black":
            made = checks
        case "edge":
            made = np.where(np.arange(side) < side // 2, 0, 255) * np.ones((side, 1))
    return made.astype(np.uint8)


KINDS = ["noise", "smooth", "flat", "black", "white", "checks", "nearly white", "nearly black", "edge"]


def literal(query, pictures, rows, at, keep):
    """Every candidate in float64, sorted by rounded SSIM and then by position."""
    values = [
        round(float(structural_similarity(query, pictures[rows[position]][None])[0]), 9) for position in at
    ]
    order = sorted(range(len(at)), key=lambda n: (-values[n], at[n]))[:keep]
    return [int(at[n]) for n in order], [values[n] for n in order]


@given(SEEDS, st.lists(st.sampled_from(KINDS), min_size=1, max_size=14), st.integers(1, 6))
def test_the_nearest_and_their_scores_are_the_literal_ones_duplicates_included(seed, kinds, keep):
    rng = np.random.default_rng(seed)
    pictures = np.stack([picture(kind, rng) for kind in [*kinds, *kinds[:4]]])
    rows = rng.permutation(len(pictures))
    at = rng.permutation(len(pictures))[: rng.integers(1, len(pictures) + 1)]
    query = picture(kinds[0], rng)
    with ThreadPoolExecutor(2) as pool:
        structures = Structures(pictures, rows)
        structures.prepare([at], pool)
    order, similarities = structures.nearest(query, at, keep)

    expected, values = literal(query, pictures, rows, at, keep)
    assert expected == order.tolist()
    np.testing.assert_array_equal(values, similarities)


def compared(query, pictures, kind):
    """Our SSIM in one precision, with the errors that are allowed, and the literal one."""
    space = Workspace()
    first = structure._moments(query.astype(kind) - kind(128), space)
    first = structure.Moments(first.mean[...].copy(), first.variance.copy(), first.level)
    second_pictures = pictures.astype(kind) - kind(128)
    second = structure._moments(second_pictures, space)
    errors = structure.proposal_error(first, second)
    products = second_pictures * (kind(2) * (query.astype(kind) - kind(128)))
    product = structure._window_means(products, space.inner("product", products), space)
    ours = structure._similarities(first, second, product, space)
    return np.abs(ours - structural_similarity(query, pictures)), errors


@given(SEEDS)
def test_float32_is_never_further_off_than_its_bound_says(seed):
    rng = np.random.default_rng(seed)
    pictures = np.stack([picture(kind, rng) for kind in KINDS])
    for query in pictures:
        off, errors = compared(query, pictures, np.float32)

        assert (off <= errors).all()


@given(SEEDS)
def test_float64_is_so_near_to_the_literal_program_that_only_borders_of_rounding_need_it(seed):
    rng = np.random.default_rng(seed)
    pictures = np.stack([picture(kind, rng) for kind in KINDS])
    for query in pictures:
        off, _ = compared(query, pictures, np.float64)

        assert off.max() < structure._DECISION_ERROR / 5


def test_where_rounding_is_in_doubt_the_literal_program_decides(monkeypatch):
    rng = np.random.default_rng(0)
    pictures = np.stack([picture("noise", rng) for _ in range(9)])
    asked = []

    def literally(query, references):
        asked.append(len(references))
        return structural_similarity(query, references)

    monkeypatch.setattr(structure, "structural_similarity", literally)
    monkeypatch.setattr(structure, "_DECISION_ERROR", 1.0)  # everything is in doubt
    order, similarities = Structures(pictures, np.arange(9)).nearest(pictures[0], np.arange(9), 9)

    assert [9] == asked
    assert literal(pictures[0], pictures, np.arange(9), np.arange(9), 9) == (
        order.tolist(),
        similarities.tolist(),
    )


@pytest.mark.parametrize("budget", [0, 5 * 2 * 4 * 14**2, 2**31])
def test_moments_that_do_not_fit_are_computed_each_time_with_the_same_result(tmp_path, budget):
    rng = np.random.default_rng(3)
    np.save(tmp_path / "p.npy", np.stack([picture(kind, rng) for kind in 3 * KINDS]))
    pictures = np.load(tmp_path / "p.npy", mmap_mode="r")
    rows = np.arange(len(pictures))
    structures = Structures(pictures, rows, budget=budget)
    candidates = [rng.permutation(len(pictures))[:12] for _ in range(6)]
    with ThreadPoolExecutor(2) as pool:
        for at in candidates:  # one after another: some find kept moments, some none, some both
            structures.prepare([at], pool)
            query = picture("smooth", rng)
            order, similarities = structures.nearest(query, at, 3)

            assert literal(query, pictures, rows, at, 3) == (order.tolist(), similarities.tolist())


def test_no_candidates_have_no_nearest():
    order, similarities = Structures(np.zeros((1, SIDE, SIDE), np.uint8), np.arange(1)).nearest(
        np.zeros((SIDE, SIDE), np.uint8), np.arange(0), 3
    )

    assert (0, 0) == (len(order), len(similarities))
