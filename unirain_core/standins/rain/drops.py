"""Drops on the glass before the lens: wide-angle pictures of the scene, upside down, out of focus."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from unirain_core.standins.rain.filters import Field, Values, blur
from unirain_core.standins.rain.grading import saturated

SMALLEST, LARGEST = 1.8, 22.0
"""Bounds of a drop's radius in a picture of 256 rows, pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glass:
    """How wet the glass is and how the drops on it look."""

    count: int
    typical: float
    """Median radius in a picture of 256 rows, pixels."""
    enlarged: float = 1.0
    """Factor of all radii; 1 but for drops of a wrong scale."""
    feather: float
    """Width of the soft edge as a share of the radius."""
    view: float
    """How far a drop looks around, as a share of the picture's width."""
    haze: float
    """Share of the sky's colour in a drop's middle."""
    rim: float
    """How much darker the rim is."""
    spark: float
    """Brightness of the highlight, relative to the sky."""
    defocus: float
    """Standard deviation of the blur of the drops in a picture of 256 rows, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class DropMap:
    """What each pixel sees through the drops; all (H, W) float32."""

    cover: Field
    """Share of the drop, 0 to 1."""
    rows: Field
    """Row that the drop refracts to this pixel."""
    columns: Field
    rim: Field
    """0 in a drop's middle to 1 on its outline."""
    low: Field
    """-1 at a drop's top to 1 at its bottom, where the sky appears."""
    spark: Field
    """Shape of the highlight, 0 to 1."""


def wet_glass(rng: Generator, *, night: bool) -> Glass:
    """Draw how the glass looks; by day drops are hazier, softer and have hardly any highlight."""
    return Glass(
        count=int(rng.uniform(60, 190)),
        typical=rng.uniform(3.2, 5.8),
        feather=rng.uniform(0.3, 0.75) if night else rng.uniform(0.45, 1.0),
        view=rng.uniform(0.12, 0.26),
        haze=rng.uniform(0.15, 0.4) if night else rng.uniform(0.3, 0.55),
        rim=rng.uniform(0.2, 0.6),
        spark=rng.uniform(0.2, 0.5) if night else rng.uniform(0.0, 0.12),
        defocus=rng.uniform(0.6, 1.6) if night else rng.uniform(1.0, 2.4),
    )


def seen_through(light: Field, glass: Glass, rng: Generator) -> Field:
    """The scene behind wet glass.

    Args:
        light: (H, W, 3) float32, linear light >= 0, not bounded by 1.
        glass: how wet it is.
        rng: source of randomness.

    Returns:
        Same shape and unit.
    """
    height, width = light.shape[:2]
    unit = height / 256
    drops = drop_map(height, width, glass, rng)
    source = blur(light, 5.0 * unit)
    bright = np.percentile(source.reshape(-1, 3)[::16], 85, axis=0).astype(np.float32)
    sky = saturated(bright, 0.5)  # greyer than the scene: a drop averages the sky
    wet = drops.cover > 0
    places = np.stack([drops.rows[wet], drops.columns[wet]])
    inside = np.stack([_sampled(source[..., c], places) for c in range(3)], axis=-1)
    share = np.clip(glass.haze * (1 + 0.7 * drops.low[wet]), 0, 0.9)[:, None]
    inside = inside * (1 - share) + sky * share
    inside = inside * (1.06 - glass.rim * np.clip(drops.rim[wet], 0, 1)[:, None] ** 5)
    inside += glass.spark * sky * drops.spark[wet][:, None]
    cover = drops.cover[wet][:, None]
    covered = light.copy()
    covered[wet] = light[wet] * (1 - cover) + inside * cover
    sigma = glass.defocus * unit
    blurred = np.clip(blur(wet.astype(np.float32), sigma) * 1.5, 0, 1)[..., None]
    seen: Field = covered * (1 - blurred) + blur(covered, sigma) * blurred
    return seen


def drop_map(height: int, width: int, glass: Glass, rng: Generator) -> DropMap:
    """Place the drops, the bigger over the smaller."""
    unit = height / 256
    drops = DropMap(*(np.zeros((height, width), dtype=np.float32) for _ in range(6)))
    spread = np.exp(rng.normal(np.log(glass.typical), 0.55, glass.count))
    for radius in np.sort(np.clip(spread, SMALLEST, LARGEST)) * unit * glass.enlarged:
        centre = rng.uniform(0, height), rng.uniform(0, width)
        _add(drops, centre, float(radius), glass, rng)
    return drops


def _sampled(channel: Field, places: Field) -> Field:
    return np.asarray(ndimage.map_coordinates(channel, places, order=1, mode="reflect"), dtype=np.float32)


def _add(drops: DropMap, centre: tuple[float, float], radius: float, glass: Glass, rng: Generator) -> None:
    """Draw one drop into the map where it covers more than what stands there."""
    height, width = drops.cover.shape
    row, column = centre
    stretch, reach = rng.uniform(0.9, 1.35), int(3.2 * radius) + 3
    top, bottom = max(0, int(row) - reach), min(height, int(row) + reach + 1)
    left, right = max(0, int(column) - reach), min(width, int(column) + reach + 1)
    window = np.s_[top:bottom, left:right]
    down = (np.arange(top, bottom, dtype=np.float32)[:, None] - row) / (radius * stretch)
    across = (np.arange(left, right, dtype=np.float32) - column) / radius
    distance = _merged(_distance(down, across, rng), down, across, rng)
    cover = np.clip((1 + glass.feather / 2 - distance) / glass.feather, 0, 1)
    cover = (cover * cover * (3 - 2 * cover)).astype(np.float32)
    shown = (cover > drops.cover[window] * 0.98) & (cover > 0)
    view = glass.view * width * (0.7 + 0.06 * radius / (height / 256)) * np.clip(distance, 0.01, 2) ** 0.35
    spark = np.exp(-((across + 0.3) ** 2 + (down - 0.45) ** 2) / 0.1)
    values = (row - view * 0.8 * down, column - view * across, distance, np.clip(down, -1, 1), spark)
    for field, value in zip(
        (drops.rows, drops.columns, drops.rim, drops.low, drops.spark), values, strict=True
    ):
        field[window][shown] = np.broadcast_to(value, shown.shape)[shown]
    drops.cover[window] = np.maximum(drops.cover[window], cover)


def _distance(down: Values, across: Values, rng: Generator) -> Values:
    """Distance to the centre over the uneven outline's: 1 on the outline."""
    angle = np.arctan2(down, across)
    outline = np.ones_like(angle)
    for waves, largest in ((2, 0.13), (3, 0.09), (5, 0.05)):
        outline += rng.uniform(0.15, 1) * largest * np.cos(waves * angle + rng.uniform(0, 2 * np.pi))
    distance: Values = np.hypot(down, across) / outline
    return distance


def _merged(distance: Values, down: Values, across: Values, rng: Generator) -> Values:
    """One drop in three has run into a smaller neighbour: the smooth minimum of both distances."""
    if rng.random() > 1 / 3:
        return distance
    angle, gap, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.1), rng.uniform(0.4, 0.8)
    other = np.hypot(down - gap * np.sin(angle), across - gap * np.cos(angle)) / size
    overlap = np.clip(0.5 - (distance - other) / 0.8, 0, 1)
    merged: Values = distance * (1 - overlap) + other * overlap - 0.4 * overlap * (1 - overlap)
    return merged
