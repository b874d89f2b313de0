"""Rain streaks drawn one by one as lines of points: each has its own length, angle and brightness."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from unirain_core.standins.rain.filters import Field, blur, clipped, low_frequency

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Streaks at one depth."""

    count: int
    length: float
    """Typical length in pixels."""
    width: float
    """Standard deviation across a streak in focus, pixels."""
    defocus: float = 0.0
    """Standard deviation of the blur of a layer out of focus, pixels."""
    peak: float
    """Opacity of the brightest streak in focus."""
    angle: float
    """Degrees from the vertical."""
    fan: float = 0.0
    """Change of the angle across the picture, degrees: perspective."""
    jitter: float
    """Standard deviation of the angle between streaks, degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Streaks:
    """A picture's rain."""

    opacity: Field
    """(H, W) in [0, 1)."""
    density: float
    """0.25 (light) to 1 (heavy)."""


def streaks(height: int, width: int, rng: Generator, *, density: float | None = None) -> Streaks:
    """Three to five layers, the near ones longer, wider, fewer and out of focus.

    Args:
        height: rows.
        width: columns.
        rng: source of randomness.
        density: 0.25 to 1; None: drawn.

    Returns:
        Opacity of all layers together.
    """
    unit = height / 256
    drawn = float(rng.uniform(0.25, 1)) if density is None else density
    angle, fan = float(np.clip(rng.normal(0, 13), -32, 32)), rng.uniform(-8, 8)
    jitter, length = rng.uniform(0.8, 2.5), rng.uniform(11, 22) * unit
    peak = rng.uniform(0.36, 0.62) * (0.6 + 0.5 * drawn)
    clear = np.ones((height, width), dtype=np.float32)
    for scale in np.geomspace(0.45, rng.uniform(1.6, 2.6), int(rng.integers(3, 6))):
        layer = Layer(
            count=int(height * width * drawn * rng.uniform(0.0035, 0.0065) / scale**2.2 / unit**2),
            length=length * scale,
            width=max(0.5, 0.55 * scale) * unit,
            defocus=max(0, scale - 1.1) * rng.uniform(0.6, 1.3) * unit,
            peak=peak * min(1, scale) ** 0.5,
            angle=angle + rng.normal(0, 1),
            fan=fan * scale,
            jitter=jitter,
        )
        clear *= 1 - layer_opacity(layer, height, width, rng)
    gusts = np.clip(1 + 0.25 * low_frequency(height, width, 48 * unit, rng), 0.35, 1.4)
    return Streaks(clipped((1 - clear) * gusts, 0, 0.98), drawn)


def layer_opacity(layer: Layer, height: int, width: int, rng: Generator) -> Field:
    """Opacity of one layer: (height, width) in [0, 0.95]."""
    count = max(layer.count, 1)
    x, y = rng.uniform(-0.1 * width, 1.1 * width, count), rng.uniform(-0.15 * height, 1.15 * height, count)
    length = layer.length * np.exp(rng.normal(0, 0.25, count))
    brightness = rng.uniform(0.35, 1, count)
    angle = np.deg2rad(layer.angle + layer.fan * (x - width / 2) / width + rng.normal(0, layer.jitter, count))
    steps = int(np.ceil(1.6 * length.max())) + 2
    along = np.linspace(0, 1, steps)[None]
    shimmer = 1 + 0.15 * np.sin(6 * np.pi * (along - 0.5) + rng.uniform(0, 6, count)[:, None])
    profile = np.clip(np.sin(np.pi * along), 0, None) ** 0.6 * shimmer
    reach = (along - 0.5) * length[:, None]
    drawn = splat(
        x[:, None] + np.sin(angle)[:, None] * reach,
        y[:, None] + np.cos(angle)[:, None] * reach,
        (brightness * length / steps)[:, None] * profile,
        shape=(height, width),
    )
    sigma = float(np.hypot(layer.width, layer.defocus))
    return clipped(blur(drawn, sigma) * np.float32(np.sqrt(2 * np.pi) * layer.peak * layer.width), 0, 0.95)


def splat(x: Points, y: Points, values: Points, *, shape: tuple[int, int]) -> Field:
    """Add each value to the four pixels around its point, by bilinear shares; points outside are lost."""
    height, width = shape
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    inside = (left >= 0) & (top >= 0) & (left < width - 1) & (top < height - 1)
    right_share, bottom_share = (x - left)[inside], (y - top)[inside]
    index, kept = (top * width + left)[inside], values[inside]
    total = np.zeros(height * width)
    for offset, share in (
        (0, (1 - right_share) * (1 - bottom_share)),
        (1, right_share * (1 - bottom_share)),
        (width, (1 - right_share) * bottom_share),
        (width + 1, right_share * bottom_share),
    ):
        total += np.bincount(index + offset, kept * share, height * width)
    return total.reshape(height, width).astype(np.float32)
