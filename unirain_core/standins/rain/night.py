"""A night scene out of a day picture: lamps, the light that they cast, and the camera's tone curve."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from unirain_core.standins.rain.filters import Field, Values, clipped

LAMP_COLOURS = np.array(
    [[1, 0.72, 0.38], [1, 0.86, 0.62], [0.95, 0.97, 1], [0.8, 0.9, 1], [1, 0.25, 0.18], [0.4, 1, 0.6]],
    dtype=np.float32,
)
"""Sodium, warm, white, cool, red, green."""
LAMP_SHARES = (0.33, 0.27, 0.2, 0.11, 0.06, 0.03)


@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """A scene in linear light, not bounded by 1."""

    light: Field
    """(H, W, 3) light that reaches the camera."""
    lamps: Field
    """(H, W, 3) light that the lamps cast on what stands there."""
    ambient: Field
    """(3,) light of the sky."""


def night_scene(picture: Field, rng: Generator) -> Night:
    """Darken a day picture and light it with two to five lamps.

    Args:
        picture: (H, W, 3) float32 in [0, 1], display values.
        rng: source of randomness.

    Returns:
        The scene in linear light.
    """
    ambient = np.exp(rng.uniform(np.log(0.012), np.log(0.08))) * np.array([0.8, 0.9, 1.2], dtype=np.float32)
    cast, cores = np.zeros_like(picture), np.zeros_like(picture)
    for _ in range(int(rng.integers(2, 6))):
        lamp_cast, lamp_core = _lamp(picture.shape[0], picture.shape[1], rng)
        cast += lamp_cast
        cores += lamp_core
    return Night(
        light=(picture**2.2 * (ambient + cast) + cores).astype(np.float32), lamps=cast, ambient=ambient
    )


def toned(light: Values) -> Field:
    """The camera's curve: linear light >= 0 to display values in [0, 1)."""
    return clipped((1 - np.exp(-1.35 * np.clip(light, 0, None))) ** (1 / 2.2))


def _lamp(height: int, width: int, rng: Generator) -> tuple[Field, Field]:
    """Light that a lamp casts, and its own glare; both (H, W, 3).

    A share of white in the colour keeps a red or green lamp from tinting the whole picture.
    """
    x, y = rng.uniform(0.03, 0.97) * width, rng.uniform(0.04, 0.6) * height
    reach, power = rng.uniform(0.05, 0.16) * height, rng.uniform(1.2, 3.5)
    colour = LAMP_COLOURS[rng.choice(len(LAMP_COLOURS), p=LAMP_SHARES)]
    radius = rng.uniform(0.008, 0.022) * height
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
    distance = (columns - x) ** 2 + (rows - y) ** 2
    cast = power * 0.42 * _falloff(distance / (1.8 * reach**2), 1.25)
    core = 7 * np.exp(-(np.minimum(distance / radius**2, 20) ** 2))
    core += 0.3 * power * _falloff(distance / (0.1 * reach**2), 1.3)
    lit = cast[..., None] * (colour * 0.75 + 0.25), core[..., None] * (colour * 0.8 + 0.2)
    return lit[0].astype(np.float32), lit[1].astype(np.float32)


def _falloff(distance: Values, power: float) -> Values:
    return np.asarray((1 + distance) ** -power)
