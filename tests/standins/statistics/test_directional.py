import numpy as np
import pytest

from unirain_core.standins.statistics.directional import directional, spectral
from unirain_core.standins.statistics.frame import frame_of


def lines(horizontal_period=8, *, turned=False):
    plane = np.zeros((256, 384), np.float32)
    plane[:, ::horizontal_period] = 0.3
    return plane.T.copy() if turned else plane


def test_upright_lines_have_all_their_energy_in_the_upright_share():
    upright = spectral(lines())["upright share of middling structures"]
    lying = spectral(lines(turned=True))["upright share of middling structures"]

    assert upright > 0.99
    assert lying < 0.01


def test_lines_are_aligned_and_noise_is_not():
    noise = 0.1 * np.random.default_rng(0).standard_normal((256, 384)).astype(np.float32)

    assert spectral(lines())["alignment of middling structures"] > 0.9
    assert spectral(noise)["alignment of middling structures"] < 0.1
    assert spectral(noise)["disorder of angles of middling structures"] == pytest.approx(np.log(36), abs=0.05)


def test_crossed_lines_have_a_second_direction():
    both = np.maximum(lines(), lines(8, turned=True)[:256, :256].repeat(2, axis=1)[:, :384])

    assert spectral(lines())["second direction"] < spectral(both)["second direction"]


def test_copies_of_one_mark_on_a_grid_repeat():
    grid, scattered = np.zeros((2, 256, 384), np.float32)
    rng = np.random.default_rng(1)
    mark = np.hanning(9)[:, None] * np.hanning(9)[None] * 0.3
    for top in range(10, 240, 32):
        for left in range(10, 370, 32):
            grid[top : top + 9, left : left + 9] += mark
            y, x = rng.integers(0, 247), rng.integers(0, 375)
            scattered[y : y + 9, x : x + 9] += mark

    assert spectral(grid)["repetition"] > 2 * spectral(scattered)["repetition"]


def test_direction_does_not_depend_on_contrast():
    strong, weak = spectral(lines()), spectral(0.5 * lines())
    free = [name for name in strong if not name.startswith("energy")]

    np.testing.assert_allclose([strong[n] for n in free], [weak[n] for n in free], rtol=1e-2, atol=1e-3)


def test_a_portrait_picture_has_directional_statistics_too():
    image = np.random.default_rng(2).integers(0, 256, (600, 400, 3), dtype=np.uint8)

    assert 59 == len(directional(frame_of(image)))
