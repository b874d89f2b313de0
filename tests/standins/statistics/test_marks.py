import numpy as np
import pytest

from unirain_core.standins.statistics.marks import (
    MARK_NAMES,
    correlation,
    find_marks,
    mark_statistics,
    relative_spread,
)


def drawn(*boxes):
    residual = np.zeros((100, 120), np.float32)
    for top, left, height, width, value in boxes:
        residual[top : top + height, left : left + width] = value
    return residual > 0, residual


def described(*boxes):
    mask, residual = drawn(*boxes)
    return mark_statistics(mask, residual, "fine")


def test_a_bar_has_its_own_length_width_angle_and_peak():
    marks = find_marks(*drawn((10, 20, 40, 4, 0.5)))

    assert [160.0] == marks.area.tolist()
    assert 41 == pytest.approx(marks.length[0], abs=0.1)
    assert 5 == pytest.approx(marks.width[0], abs=0.2)
    assert 0 == pytest.approx(np.cos(marks.angle[0]), abs=1e-6)
    assert 0.5 == marks.peak[0]


def test_marks_of_three_pixels_do_not_count():
    assert 1 == find_marks(*drawn((0, 0, 1, 3, 0.5), (50, 50, 2, 2, 0.5))).area.size


def test_pixels_that_touch_at_a_corner_are_one_mark():
    assert 1 == find_marks(*drawn((0, 0, 2, 2, 0.5), (2, 2, 2, 2, 0.9))).area.size


def test_three_marks_are_too_few_to_describe():
    mask, residual = drawn(*((10 * i, 10, 3, 3, 0.5) for i in range(3)))

    assert {0.0} == set(mark_statistics(mask, residual, "fine").values())


def test_equal_upright_bars_are_lines_of_one_direction_without_spread():
    boxes = [(10, 15 * i, 20, 2, 0.5) for i in range(6)]
    values = described(*boxes)

    assert np.log(6) == pytest.approx(values["number of marks (fine)"])
    assert 1 == pytest.approx(values["alignment of lines (fine)"])
    assert 1 == values["share of marks that are lines (fine)"]
    assert 0 == pytest.approx(values["spread of mark lengths (fine)"], abs=1e-6)
    assert 240 / 12000 == pytest.approx(values["area covered by marks (fine)"])


def test_the_scale_ends_every_name():
    mask, residual = drawn()

    assert [f"{n} (coarse)" for n in MARK_NAMES] == list(mark_statistics(mask, residual, "coarse"))


def test_shapes_do_not_depend_on_where_the_marks_are():
    boxes = [(10, 15 * i, 20 + i, 2, 0.5) for i in range(6)]
    moved = [(top + 30, left + 7, height, width, value) for top, left, height, width, value in boxes]
    here, there = (described(*b) for b in (boxes, moved))

    np.testing.assert_allclose(list(here.values()), list(there.values()), atol=1e-6)


def test_small_statistics_of_what_does_not_vary_are_0():
    assert 0.0 == correlation(np.ones(5), np.arange(5.0))
    assert 0.0 == relative_spread(np.zeros(3))
    assert 1.0 == pytest.approx(correlation(np.arange(5.0), 3 * np.arange(5.0) + 2))
