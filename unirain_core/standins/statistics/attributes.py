"""What can be said of a rainy picture in words, measured: night or day, streaks or drops, how much, which way."""

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from unirain_core.standins.statistics.frame import Frame, Plane, gaussian
from unirain_core.standins.statistics.linear import LinearRule
from unirain_core.standins.statistics.marks import mark_statistics
from unirain_core.standins.statistics.photometric import brightness

COVER = "area covered by marks (fine)"
DENSITIES = ("light", "moderate", "heavy")
LIGHTS = ("dark", "dim", "evenly lit", "bright")
LIGHT_LEVELS = (0.15, 0.35, 0.6)
"""Median luma at which one of LIGHTS ends and the next begins."""
HUES = ("red", "orange", "yellow", "green", "cyan", "blue", "violet", "pink")
GREY = 0.15
"""Saturation below which a picture has no hue."""
MISTY = 0.22
"""Haze (mean dark channel) from which a day picture is misty."""
LAMP = 0.85
"""Smoothed luma of a lamp."""
STRAIGHT = 6.0
"""Degrees from the vertical within which rain falls straight down."""


@dataclass(frozen=True, slots=True)
class AttributeRules:
    """The fitted part: two yes/no rules and two thresholds."""

    night: LinearRule
    """Over some of `brightness`."""
    streaks: LinearRule
    """Over `rain_shape`."""
    density: tuple[float, float]
    """Terciles of the area covered by marks, over a real-rain database."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the attributes of one picture are read from."""

    light: Mapping[str, float]
    """`photometric.brightness`."""
    shape: Mapping[str, float]
    """`rain_shape`."""
    direction: str
    """Where the lines of the residual fall."""
    lamps: int
    """Bright spots."""
    hue: str
    """Hue with the most chroma."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The words of one picture."""

    night: bool
    streaks: bool
    density: str
    direction: str
    light: str
    misty: bool
    lamps: int
    hue: str


def measured(frame: Frame) -> Measured:
    """All that the attributes of a picture are read from; a fit measures once and tries many rules."""
    return Measured(
        light=brightness(frame),
        shape=rain_shape(frame),
        direction=_direction(frame.residual),
        lamps=int(ndimage.label(gaussian(frame.luma, 2.0) > LAMP)[1]),
        hue=_hue(frame),
    )


def attributes(picture: Measured, rules: AttributeRules) -> Attributes:
    """Put a measured picture into words."""
    light, shape = picture.light, picture.shape
    night = rules.night.logit(light) > 0
    return Attributes(
        night=night,
        streaks=rules.streaks.logit(shape) > 0,
        density=_word(DENSITIES, rules.density, shape[COVER]),
        direction=picture.direction,
        light=_word(LIGHTS, LIGHT_LEVELS, light["middle brightness"]),
        misty=not night and light["haze"] > MISTY,
        lamps=picture.lamps if night else 0,
        hue="grey" if light["saturation"] < GREY else picture.hue,
    )


def rain_shape(frame: Frame) -> dict[str, float]:
    """Statistics that tell streaks from drops."""
    return mark_statistics(frame.marks, frame.residual, "fine")


def _word(words: tuple[str, ...], levels: tuple[float, ...], value: float) -> str:
    """The word of the interval that holds the value."""
    return words[bisect(levels, value)]


def _direction(residual: Plane) -> str:
    """Main direction of the residual's lines, from its structure tensor."""
    smooth = gaussian(residual, 0.8)
    across, down = ndimage.sobel(smooth, axis=1), ndimage.sobel(smooth, axis=0)
    tensor = complex(float((across * across - down * down).sum()), float(2 * (across * down).sum()))
    lean = np.degrees(np.angle(tensor)) / 2  # of the gradient: 0 for upright lines
    if abs(lean) < STRAIGHT:
        return "straight down"
    return "to the left" if lean > 0 else "to the right"


def _hue(frame: Frame) -> str:
    """Hue with the largest sum of chroma."""
    red, green, blue = np.moveaxis(frame.rgb, -1, 0)
    angle = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    octant = np.rint(angle / (2 * np.pi) * len(HUES)).astype(np.intp) % len(HUES)
    chroma = frame.rgb.max(axis=2) - frame.rgb.min(axis=2)
    return HUES[int(np.bincount(octant.ravel(), chroma.ravel(), len(HUES)).argmax())]
