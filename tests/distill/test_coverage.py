"""Coverage and density as Naeem et al. define them, and maps that keep what a plane can keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.coverage import Tally, parted, principal_axes, projected


def cloud(seed, count, width=3):
    return np.random.default_rng(seed).normal(size=(count, width))


def by_the_definition(real, fake, k):
    """The two sums of the paper, written out."""
    radii = [sorted(np.linalg.norm(one - other) for other in real)[k] for one in real]
    covered = [any(np.linalg.norm(y - x) <= r for y in fake) for x, r in zip(real, radii, strict=True)]
    hits = sum(np.linalg.norm(y - x) <= r for y in fake for x, r in zip(real, radii, strict=True))
    return np.mean(covered), hits / (k * len(fake))


@given(st.integers(0, 99), st.integers(3, 12), st.integers(1, 12), st.integers(1, 2))
def test_coverage_and_density_are_the_sums_of_the_definition(seed, n_real, n_fake, k):
    real, fake = cloud(seed, n_real), 1.3 * cloud(seed + 1000, n_fake)
    tally = Tally.of(real, k)
    for one in fake:  # in any number of batches
        tally.add(one[None])

    np.testing.assert_allclose(by_the_definition(real, fake, k), (tally.coverage, tally.density), atol=1e-12)


def test_by_hand_on_a_line():
    real = np.array([[0.0], [1.0], [3.0], [9.0]])  # radii for k = 1: 1, 1, 2, 6
    tally = Tally.of(real, 1)
    tally.add(np.array([[3.5], [4.5]]))

    assert (0.5, 4 / 2) == (tally.coverage, tally.density), "3.5 and 4.5 lie near 3, both near 9 too"


def test_a_set_of_the_photos_themselves_covers_all_and_none_covers_nothing():
    real = cloud(0, 20)
    tally = Tally.of(real, 5)
    empty = tally.empty()
    tally.add(real)

    assert (1.0, 0.0, 0.0) == (tally.coverage, empty.coverage, empty.density)
    assert pytest.approx(6 / 5) == tally.density, "itself and, on average, five others"


def test_a_database_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="3 photos have no 3 neighbours each"):
        Tally.of(cloud(0, 3), 3)


def test_the_axes_are_those_of_the_covariance():
    vectors = cloud(1, 200, 5) * [1, 5, 1, 3, 1]
    mean, axes = principal_axes(vectors)
    values, directions = np.linalg.eigh(np.cov(vectors.T))

    np.testing.assert_allclose(mean, vectors.mean(0))
    np.testing.assert_allclose(np.abs(axes), np.abs(directions[:, [-1, -2]].T), atol=1e-9)
    np.testing.assert_allclose(((vectors - mean) @ axes.T).var(0, ddof=1), values[[-1, -2]])
    np.testing.assert_allclose(axes, principal_axes(-vectors)[1], atol=1e-9, err_msg="one orientation")


def test_sets_are_drawn_on_the_axes_of_all_of_them_and_parted_as_they_were():
    sets = {"a": cloud(1, 4), "b": cloud(2, 3) + 5}
    places = projected(sets)

    assert {"a": (4, 2), "b": (3, 2)} == {name: own.shape for name, own in places.items()}
    whole = parted(np.concatenate(list(places.values())), sets)
    np.testing.assert_array_equal(places["b"], whole["b"])
    np.testing.assert_allclose(0, np.concatenate(list(places.values())).mean(0), atol=1e-12)
