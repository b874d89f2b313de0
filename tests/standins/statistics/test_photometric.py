import numpy as np
import pytest

from unirain_core.standins.statistics.frame import frame_of
from unirain_core.standins.statistics.photometric import MARK_LIGHT_NAMES, brightness, photometric


def flat(red, green, blue):
    return np.broadcast_to(np.array([red, green, blue], np.uint8), (256, 384, 3)).copy()


def with_streaks(image, colour, step=16):
    rainy = image.copy()
    for left in range(5, 380, step):
        rainy[(left * 7) % 100 : (left * 7) % 100 + 60, left : left + 2] = colour
    return rainy


def test_levels_of_a_flat_grey_are_its_own():
    values = brightness(frame_of(flat(51, 51, 51)))

    for name in ("darkest", "dark", "middle", "bright", "brightest"):
        assert 0.2 == pytest.approx(values[f"{name} brightness"])
    assert 0 == values["saturation"] == values["share of white"]
    assert 0 == pytest.approx(values["contrast of the picture"], abs=1e-6)
    assert 0.2 == pytest.approx(values["haze"])


def test_half_white_half_black_is_counted_as_such():
    image = flat(0, 0, 0)
    image[:, :192] = 255
    values = brightness(frame_of(image))

    assert 0.5 == values["share of white"] == values["share of black"]


def test_a_picture_without_marks_says_0_of_them():
    values = photometric(frame_of(flat(90, 90, 90)))

    assert {0.0} == {values[name] for name in MARK_LIGHT_NAMES}


def test_grey_streaks_have_no_colour_and_red_ones_do():
    base = flat(60, 60, 60)
    grey = photometric(frame_of(with_streaks(base, (120, 120, 120))))
    red = photometric(frame_of(with_streaks(base, (200, 100, 100))))

    assert 0 == pytest.approx(grey["colour of marks"], abs=1e-3)
    assert red["colour of marks"] > 0.4
    assert 60 / 255 == pytest.approx(grey["strength of marks"], abs=0.02)


def test_white_lines_of_one_level_stand_out():
    base = np.random.default_rng(0).integers(40, 90, (256, 384, 3), dtype=np.uint8)
    white = photometric(frame_of(with_streaks(base, (255, 255, 255))))

    assert white["share of white in marks"] > 0.9
    assert white["most common level in marks"] > 0.9


def test_brightness_is_a_part_of_the_family():
    frame = frame_of(with_streaks(flat(60, 80, 100), (150, 150, 150)))

    assert brightness(frame).items() <= photometric(frame).items()
