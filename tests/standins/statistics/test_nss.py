import numpy as np
import pytest

from unirain_core.standins.statistics.frame import luma_of
from unirain_core.standins.statistics.nss import fit_aggd, fit_ggd, nss


def test_a_gaussian_has_shape_2_and_a_laplacian_shape_1():
    rng = np.random.default_rng(0)
    gaussian, laplacian = 3 * rng.standard_normal(400_000), rng.laplace(size=400_000)

    assert (2, 3) == pytest.approx(fit_ggd(gaussian.astype(np.float32)), rel=0.02)
    assert (1, np.sqrt(2)) == pytest.approx(fit_ggd(laplacian.astype(np.float32)), rel=0.02)


def test_a_symmetric_distribution_has_mean_0_and_equal_sides():
    half = np.abs(np.random.default_rng(1).standard_normal(100_000)).astype(np.float32)
    shape, mean, left, right = fit_aggd(np.concatenate([half, -half]))

    assert 2 == pytest.approx(shape, rel=0.05)
    assert 0 == pytest.approx(mean, abs=1e-6)
    assert left == pytest.approx(right)


def test_mirroring_a_distribution_swaps_its_sides():
    values = np.random.default_rng(2).gumbel(size=10_000).astype(np.float32)
    shape, mean, left, right = fit_aggd(values)

    assert (shape, -mean, right, left) == pytest.approx(fit_aggd(-values))


def test_mirroring_a_picture_swaps_falling_and_rising_neighbours_and_keeps_the_rest():
    image = np.random.default_rng(3).integers(0, 256, (256, 384, 3), dtype=np.uint8)
    here, there = nss(luma_of(image)), nss(luma_of(image[:, ::-1].copy()))
    swap = {"falling": "rising", "rising": "falling"}
    full = [name for name in here if "full size" in name or "(" not in name]
    swapped = [" ".join(swap.get(word, word) for word in name.split(" ")) for name in full]

    np.testing.assert_allclose([here[n] for n in full], [there[n] for n in swapped], rtol=1e-4, atol=1e-5)


def test_a_flat_picture_has_no_steps():
    values = nss(luma_of(np.full((256, 384, 3), 90, np.uint8)))

    assert 1 == values["share without sideways steps"] == values["share without downwards bends"]
