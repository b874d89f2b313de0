"""Directional statistics of a picture: angles of the small structures, repetition, shapes of marks."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from unirain_core.standins.statistics.frame import Frame, Plane, gaussian, marked
from unirain_core.standins.statistics.marks import mark_statistics

Vector = NDArray[np.float64]

RINGS = ((0.04, 0.1), (0.1, 0.2), (0.2, 0.35), (0.35, 0.5))
"""Bands of spatial frequency, cycles per pixel."""
RING_NAMES = ("coarse", "middling", "fine", "finest")
ANGLES = 36
"""Bins of 5 degrees; bin 0 holds the energy of vertical lines."""
REPEAT_RADII = (14, 90)
"""Distances in pixels at which a copied mark would meet its copy."""


def directional(frame: Frame) -> dict[str, float]:
    """All directional statistics of a frame by name."""
    return {
        **spectral(frame.residual),
        **mark_statistics(frame.marks, frame.residual, "fine"),
        **coarse_marks(frame.luma),
    }


def coarse_marks(plane: Plane) -> dict[str, float]:
    """Statistics of the marks on the luma at a quarter of its size: rain of the wrong scale."""
    quarter = gaussian(plane, 2.0)[::4, ::4]
    residual = gaussian(quarter, 0.6) - ndimage.median_filter(quarter, size=13)
    return mark_statistics(marked(quarter, residual), residual, "coarse")


def spectral(residual: Plane) -> dict[str, float]:
    """Energy, angles and repetition of the residual, from its power spectrum."""
    window = np.outer(*(np.hanning(side) for side in residual.shape)).astype(np.float32)
    windowed = np.clip(residual, -0.15, 0.35) * window
    power = np.abs(fft.rfft2(windowed)) ** 2
    energies, histograms = _rings(power)
    values: dict[str, float] = {}
    for name, energy, histogram in zip(RING_NAMES, energies, histograms, strict=True):
        values |= {f"{key} of {name} structures": value for key, value in _angles(energy, histogram).items()}
    for (first, low), (second, high) in pairwise(zip(RING_NAMES, histograms, strict=True)):
        values[f"common direction of {first} and {second} structures"] = float((low * high).sum()) * ANGLES
    values["common direction of coarse and fine structures"] = (
        float((histograms[0] * histograms[2]).sum()) * ANGLES
    )
    values["second direction"] = _second_direction(histograms[1])
    return values | _repetition(power, residual.shape)


@lru_cache(maxsize=4)
def _grid(height: int, width: int) -> tuple[Vector, NDArray[np.intp]]:
    """Radius in cycles per pixel and angle bin of each value of the half spectrum of a picture of this size."""
    rows, columns = fft.fftfreq(height)[:, None], fft.rfftfreq(width)[None]
    angle = np.mod(np.arctan2(rows, columns), np.pi)
    return np.hypot(rows, columns), (angle / np.pi * ANGLES).astype(np.intp) % ANGLES


def _rings(power: NDArray[np.floating]) -> tuple[list[float], list[Vector]]:
    # half a spectrum does not tell an even width from the odd one above it: frames have even ones
    radius, angle = _grid(power.shape[0], 2 * (power.shape[1] - 1))
    energies, histograms = [], []
    for low, high in RINGS:
        ring = (radius >= low) & (radius < high)
        sums = np.bincount(angle[ring], power[ring], ANGLES)
        means = sums / np.bincount(angle[ring], minlength=ANGLES)
        smooth = ndimage.gaussian_filter1d(means, 1, mode="wrap")
        energies.append(float(power[ring].mean()))
        histograms.append(smooth / (smooth.sum() + 1e-9))
    return energies, histograms


def _angles(energy: float, histogram: Vector) -> dict[str, float]:
    turn = np.exp(2j * np.pi * np.arange(ANGLES) / ANGLES)
    quarter = ANGLES // 4
    return {
        "energy": float(np.log(energy + 1e-6)),
        "alignment": float(np.abs((histogram * turn).sum())),
        "disorder of angles": -float((histogram * np.log(histogram + 1e-9)).sum()),
        "upright share": float(histogram[:quarter].sum() + histogram[-quarter:].sum()),
        "strength of the main direction": float(
            np.log((histogram.max() + 1e-9) / (np.median(histogram) + 1e-9))
        ),
    }


def _second_direction(histogram: Vector) -> float:
    """Log ratio of the strongest direction at least 30 degrees off the main one to it."""
    main = int(histogram.argmax())
    away = np.abs(np.arange(ANGLES) - main)
    far = np.minimum(away, ANGLES - away) >= ANGLES // 6
    return float(np.log((histogram[far].max() + 1e-9) / (histogram[main] + 1e-9)))


@lru_cache(maxsize=4)
def _annulus(height: int, width: int) -> NDArray[np.bool_]:
    radius = np.hypot(np.arange(height)[:, None] - height // 2, np.arange(width)[None] - width // 2)
    return (radius > REPEAT_RADII[0]) & (radius < REPEAT_RADII[1])


def _repetition(power: NDArray[np.floating], shape: tuple[int, ...]) -> dict[str, float]:
    """Peaks of the autocorrelation away from its centre: copies of one mark, grids."""
    auto = fft.irfft2(power, shape)
    centred = np.roll(auto / (auto[0, 0] + 1e-9), (shape[0] // 2, shape[1] // 2), axis=(0, 1))
    sharp = (centred - gaussian(centred, 5.0))[_annulus(shape[0], shape[1])]
    return {"repetition": float(sharp.max()), "spread of repetition": float(np.log(sharp.std() + 1e-6))}
