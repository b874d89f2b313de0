import numpy as np
import pytest

from unirain_core.standins.statistics.attributes import AttributeRules, attributes, measured
from unirain_core.standins.statistics.frame import frame_of
from unirain_core.standins.statistics.linear import LinearRule, Term

RULES = AttributeRules(
    night=LinearRule(0.0, {"middle brightness": Term(0.25, 1.0, -1.0)}),
    streaks=LinearRule(0.0, {"share of marks that are lines (fine)": Term(0.5, 1.0, 1.0)}),
    density=(0.01, 0.05),
)


def scene(level, colour=(1.0, 1.0, 1.0)):
    return np.broadcast_to(np.array(colour) * level, (256, 384, 3)).astype(np.uint8).copy()


def rained(image, lean, count=40, level=230):
    """Lines that move `lean` pixels to the right for each pixel downwards."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        top, left = rng.integers(0, 200), rng.integers(60, 320)
        for row in range(30):
            column = left + round(row * lean)
            image[top + row, column : column + 2] = level
    return image


def said(image):
    return attributes(measured(frame_of(image)), RULES)


@pytest.mark.parametrize(
    ("lean", "words"), [(0, "straight down"), (0.5, "to the right"), (-0.5, "to the left")]
)
def test_rain_falls_where_its_lines_lean(lean, words):
    assert words == said(rained(scene(80), lean)).direction


def test_lines_are_streaks():
    assert said(rained(scene(80), 0.3)).streaks


@pytest.mark.parametrize(("count", "words"), [(3, "light"), (40, "moderate"), (150, "heavy")])
def test_density_follows_the_covered_area(count, words):
    assert words == said(rained(scene(80), 0, count)).density


@pytest.mark.parametrize(
    ("level", "words"), [(20, "dark"), (60, "dim"), (120, "evenly lit"), (200, "bright")]
)
def test_light_follows_the_median(level, words):
    assert words == said(scene(level)).light


@pytest.mark.parametrize(
    ("colour", "hue"),
    [((1, 0.2, 0.2), "red"), ((0.2, 1, 0.2), "green"), ((0.2, 0.2, 1), "blue"), ((1, 1, 1), "grey")],
)
def test_the_hue_is_the_nearest_of_eight_or_grey(colour, hue):
    assert hue == said(scene(150, colour)).hue


def test_lamps_are_counted_at_night_only():
    night, day = scene(20), scene(120)
    for image in (night, day):
        for left in (50, 150, 250):
            image[100:112, left : left + 12] = 255

    assert 3 == said(night).lamps
    assert 0 == said(day).lamps


def test_mist_is_a_bright_dark_channel_by_day():
    assert said(scene(150)).misty
    assert not said(scene(150, (1, 1, 0.2))).misty
    assert not said(scene(60)).misty
