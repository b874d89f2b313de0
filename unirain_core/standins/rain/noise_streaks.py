"""Rain streaks as filtered noise: a second renderer, so that pairs and real photos differ in kind."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import fft

from unirain_core.standins.rain.filters import low_frequency
from unirain_core.standins.rain.streaks import Streaks

Spectrum = NDArray[np.complex64]


def noise_streaks(height: int, width: int, rng: Generator) -> Streaks:
    """Sparse noise at four depths, convolved with tapered motion lines that a lens's disc blurs.

    Args:
        height: rows.
        width: columns.
        rng: source of randomness.

    Returns:
        Opacity of all layers together, in [0, 0.9].
    """
    unit, density = height / 256, float(rng.uniform(0.3, 1))
    angle = float(np.clip(rng.normal(0, 14), -35, 35))
    clear = np.ones((height, width), dtype=np.float32)
    for scale in np.geomspace(0.5, rng.uniform(1.5, 2.4), 4):
        defocus = max(0.0, scale - 1.1) * rng.uniform(0.4, 1.2)
        disc = _disc(height, width, max(0.55, (0.6 * scale + defocus) * unit))
        drawn = np.zeros((height, width // 2 + 1), dtype=np.complex64)
        for turn in (-1, 0, 1):
            length = rng.uniform(12, 26) * scale * unit + 3
            line = _line(height, width, length=length, angle=angle + turn * rng.uniform(1, 3))
            share = density * rng.uniform(0.0014, 0.0026) / scale**2 / unit**2
            drawn += _drops_at_random(height, width, share, rng) * _peaking_at_one(
                line * disc, (height, width)
            )
        layer = fft.irfft2(drawn, (height, width)) * rng.uniform(0.22, 0.45) * min(1, scale) ** 0.5
        clear *= 1 - np.clip(layer, 0, 0.85).astype(np.float32)
    gusts = np.clip(1 + 0.3 * low_frequency(height, width, 40 * unit, rng), 0.3, 1.5)
    return Streaks(np.clip((1 - clear) * gusts, 0, 0.9), density)


def _drops_at_random(height: int, width: int, share: float, rng: Generator) -> Spectrum:
    """Spectrum of a field in which a share of the pixels holds a drop of random brightness."""
    count = int(rng.binomial(height * width, min(1.0, share)))
    places = rng.integers(0, height * width, count)
    return _spectrum(np.bincount(places, rng.gamma(3, 1 / 3, count), height * width), height, width)


def _line(height: int, width: int, *, length: float, angle: float) -> Spectrum:
    """Spectrum of a line around the origin whose brightness tapers to both ends; angle in degrees."""
    along = np.linspace(-0.5, 0.5, 4 * int(np.ceil(length)))
    rows = np.rint(np.cos(np.deg2rad(angle)) * along * length).astype(np.int64) % height
    columns = np.rint(np.sin(np.deg2rad(angle)) * along * length).astype(np.int64) % width
    taper = np.exp(-((along / 0.28) ** 2))
    return _spectrum(np.bincount(rows * width + columns, taper, height * width), height, width)


def _disc(height: int, width: int, radius: float) -> Spectrum:
    """Spectrum of an anti-aliased disc around the origin."""
    rows, columns = fft.fftfreq(height, 1 / height)[:, None], fft.fftfreq(width, 1 / width)
    return _spectrum(np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1), height, width)


def _peaking_at_one(kernel: Spectrum, shape: tuple[int, int]) -> Spectrum:
    return kernel / np.float32(fft.irfft2(kernel, shape).max())


def _spectrum(field: NDArray[Any], height: int, width: int) -> Spectrum:
    return np.asarray(fft.rfft2(field.reshape(height, width).astype(np.float32)), dtype=np.complex64)
