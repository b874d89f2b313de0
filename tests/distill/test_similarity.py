"""Equations 1 to 3 by hand and against oracles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cosine
from skimage.metrics import structural_similarity as skimage_ssim

from unirain_core.distill.similarity import semantic_distance, structural_similarity, unit, visual_cosine

SEEDS = st.integers(0, 2**32 - 1)


def test_raw_and_unit_captions_order_differently():
    query, references = np.array([1.0, 0.0]), np.array([[3.0, 0.3], [0.8, 0.7]])

    np.testing.assert_allclose(semantic_distance(query, references), [2.022, 0.728], atol=1e-3)
    np.testing.assert_allclose(semantic_distance(unit(query), unit(references)), [0.0996, 0.7035], atol=1e-3)


def test_the_distance_of_equal_captions_is_exactly_zero():
    vector = np.random.default_rng(0).normal(size=512).astype(np.float32)

    assert semantic_distance(vector, vector[None]).tolist() == [0.0]


@given(SEEDS)
def test_the_distance_agrees_with_the_norm(seed):
    vectors = np.random.default_rng(seed).normal(size=(5, 7)).astype(np.float32)
    oracle = [np.linalg.norm(v.astype(np.float64) - vectors[0]) for v in vectors[1:].astype(np.float64)]

    np.testing.assert_allclose(semantic_distance(vectors[0], vectors[1:]), oracle, rtol=1e-12)


@given(SEEDS, st.floats(0.01, 100))
def test_the_cosine_ignores_length_and_agrees_with_scipy(seed, length):
    vectors = np.random.default_rng(seed).normal(size=(4, 9))
    oracle = [1 - cosine(vectors[0], v) for v in vectors[1:]]

    np.testing.assert_allclose(visual_cosine(length * vectors[0], vectors[1:]), oracle, atol=1e-12)


def test_the_cosine_of_a_zero_vector_is_zero():
    assert visual_cosine(np.zeros(3), np.eye(3)).tolist() == [0.0, 0.0, 0.0]


@given(SEEDS)
def test_structure_agrees_with_scikit_image(seed):
    pictures = np.random.default_rng(seed).integers(0, 256, (3, 20, 20), dtype=np.uint8)
    oracle = [
        skimage_ssim(
            pictures[0], p, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
        for p in pictures[1:]
    ]

    assert structural_similarity(pictures[0], pictures[1:]).tolist() == pytest.approx(oracle, abs=1e-12)
