"""Daylight: how a crop is graded, how an overcast sky flattens it, how mist veils it."""

import numpy as np
from numpy.random import Generator

from unirain_core.imaging.colour import luma
from unirain_core.standins.rain.filters import Field, Values, clipped, low_frequency

DAY_LUMA = 0.28
"""Median luma below which a crop under an overcast sky is lifted."""


def graded(picture: Field, rng: Generator) -> Field:
    """Another exposure and white balance of the same crop: (H, W, 3) in [0, 1] to the same."""
    bent = np.clip(picture, 1e-3, 1) ** rng.uniform(0.85, 1.25) * rng.uniform(0.85, 1.02)
    balanced = bent * (1 + rng.normal(0, 0.03, 3))
    return clipped(saturated(balanced, rng.uniform(0.75, 1.1)))


def overcast(picture: Field, rng: Generator) -> Field:
    """The flat, darker light of a rainy day; without it streaks vanish on bright scenes.

    A dark crop is lifted to a median luma of about 0.28, so that it passes for day.

    Args:
        picture: (H, W, 3) float32 in [0, 1].
        rng: source of randomness.

    Returns:
        Same shape and range.
    """
    pale = saturated(picture, rng.uniform(0.65, 0.95))
    mean = pale.mean(axis=(0, 1))
    flat = np.clip(mean + (pale - mean) * rng.uniform(0.75, 0.98), 0, 1)
    level = rng.uniform(0.30, 0.46)
    if flat.mean() > 0.36:
        flat = flat * (level / flat.mean())
    median = float(np.median(luma(flat)))
    if median < DAY_LUMA:
        flat = flat ** (np.log(DAY_LUMA) / np.log(max(median, 0.02)))
    return clipped(flat)


def veiled(picture: Field, *, density: float, colour: Field, rng: Generator) -> Field:
    """Mist that thickens with distance, taken to grow from the bottom of the picture to its top.

    Args:
        picture: (H, W, 3) float32 in [0, 1].
        density: optical density over the whole depth.
        colour: (3,) colour of the mist.
        rng: source of randomness.

    Returns:
        Same shape and range.
    """
    height, width = picture.shape[:2]
    rise = (1.15 - np.linspace(0, 1, height, dtype=np.float32))[:, None]
    depth = rise * (1 + 0.12 * low_frequency(height, width, height / 4, rng))
    seen = np.exp(-density * np.clip(depth, 0, None))[..., None].astype(np.float32)
    return clipped(picture * seen + colour * (1 - seen))


def saturated(picture: Values, gain: float) -> Field:
    """Distance of each pixel to its own grey, times gain."""
    grey = picture.mean(axis=-1, keepdims=True)
    pale: Field = (grey + (picture - grey) * gain).astype(np.float32, copy=False)
    return pale
