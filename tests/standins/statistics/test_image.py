import numpy as np
import pytest

from unirain_core.standins.statistics.fitted import fitted
from unirain_core.standins.statistics.image import StatisticsImageEncoder, raw_vector, standardised


def picture(seed, height=256, width=384):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(256, 384), (600, 400), (80, 80)])
def test_vectors_have_unit_length_whatever_the_size(size):
    vectors = StatisticsImageEncoder().encode([picture(0, *size)])

    assert vectors.shape == (1, 276)
    assert vectors.dtype == np.float32
    assert 1 == pytest.approx(float(np.linalg.norm(vectors)), abs=1e-6)


def test_equal_pictures_have_cosine_1_and_a_noisy_copy_is_nearer_than_another_scene():
    encoder = StatisticsImageEncoder()
    scene = np.kron(picture(1, 8, 12), np.ones((32, 32, 1), np.uint8))
    other = np.kron(picture(2, 8, 12), np.ones((32, 32, 1), np.uint8))
    noisy = np.clip(scene.astype(int) + picture(3) // 16, 0, 255).astype(np.uint8)
    here, near, far = encoder.encode([scene, noisy, other])

    np.testing.assert_array_equal(here, encoder.encode([scene.copy()])[0])
    assert here @ far < here @ near < 1


def test_each_block_weighs_the_same_in_the_cosine_but_for_its_weight():
    fit = fitted()
    vector = standardised(fit.image_mean + fit.image_scale, fit).astype(np.float64) ** 2

    np.testing.assert_allclose(vector[:192].sum(), vector[192:264].sum(), rtol=1e-5)
    np.testing.assert_allclose(4 * vector[:192].sum(), vector[264:].sum(), rtol=1e-5)


def test_a_flat_picture_has_a_finite_vector():
    assert np.isfinite(raw_vector(np.full((256, 384, 3), 0.5, np.float32))).all()
