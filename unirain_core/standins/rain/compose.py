"""Path A: labelled pairs. The scene without rain, and rain over it."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from unirain_core.standins.rain.drops import Glass, seen_through, wet_glass
from unirain_core.standins.rain.filters import Field, blur, clipped
from unirain_core.standins.rain.grading import veiled
from unirain_core.standins.rain.night import Night, night_scene, toned
from unirain_core.standins.rain.streaks import streaks

TRIES = 5
VISIBLE = (16.0, 31.0)
"""PSNR in dB of a rainy picture to its clean one between which rain is visible and the scene still is."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What stands before the camera, without rain."""

    clean: Field
    """(H, W, 3) in [0, 1], display values."""
    night: Night | None
    """Linear light of a night scene; None by day."""


def scene_of(picture: Field, rng: Generator, *, night: bool) -> Scene:
    """Scene out of a graded crop, (H, W, 3) in [0, 1]."""
    if not night:
        return Scene(clean=picture, night=None)
    dark = night_scene(picture, rng)
    return Scene(clean=toned(dark.light), night=dark)


def rain_over(scene: Scene, rng: Generator, *, drops: bool) -> Field:
    """Draw rain until it is visible, five times at most: (H, W, 3) in [0, 1]."""
    rainy = scene.clean
    for _ in range(TRIES):
        rainy = drops_over(scene, rng) if drops else streaks_over(scene, rng)
        if VISIBLE[0] <= _psnr(rainy, scene.clean) <= VISIBLE[1]:
            break
    return rainy


def streaks_over(scene: Scene, rng: Generator, *, density: float | None = None) -> Field:
    """Streaks of one drawing over a scene: (H, W, 3) in [0, 1]."""
    if scene.night is not None:
        return _streaks_by_night(scene.night, rng, density)
    return _streaks_by_day(scene.clean, rng, density)


def drops_over(scene: Scene, rng: Generator, *, glass: Glass | None = None) -> Field:
    """Drops of one drawing over a scene: (H, W, 3) in [0, 1].

    Args:
        scene: what stands behind the glass.
        rng: source of randomness.
        glass: how wet it is; None: drawn.
    """
    if scene.night is not None:
        return toned(seen_through(scene.night.light, glass or wet_glass(rng, night=True), rng))
    light = seen_through(scene.clean**2.2, glass or wet_glass(rng, night=False), rng)
    return clipped(clipped(light) ** (1 / 2.2))


def _streaks_by_day(clean: Field, rng: Generator, density: float | None) -> Field:
    """A streak is as bright as the sky and its surroundings: it shows on dark ground, vanishes on bright."""
    height, width = clean.shape[:2]
    unit = height / 256
    rain = streaks(height, width, rng, density=density)
    sky_level = np.clip(0.5 + 0.5 * np.percentile(clean.mean(axis=2), 80), 0.62, 0.95)
    sky = (np.array([0.92, 0.95, 0.98]) * sky_level).astype(np.float32)
    misty = veiled(clean, density=rng.uniform(0.05, 0.45) * rain.density, colour=sky, rng=rng)
    around = blur(misty.mean(axis=2), 14 * unit)[..., None]
    streak = 0.65 * sky + 0.35 * np.clip(around * 1.25 + 0.1, 0, 1)
    opacity = rain.opacity[..., None]
    return clipped(misty * (1 - opacity) + np.maximum(streak, misty * 1.04) * opacity)


def _streaks_by_night(night: Night, rng: Generator, density: float | None) -> Field:
    """A streak is as bright as the lamps' light where it falls: bright near lamps, faint elsewhere."""
    height, width = night.light.shape[:2]
    unit = height / 256
    rain = streaks(height, width, rng, density=density)
    lit = blur(night.lamps, 10 * unit)
    glow = blur(np.clip(night.light - 0.8, 0, 6), 16 * unit)
    light = night.light * np.float32(np.exp(-0.25 * rain.density))
    light += np.float32(rng.uniform(0.4, 1.0) * rain.density) * glow
    light += np.float32(rng.uniform(0.015, 0.05) * rain.density) * (lit + night.ambient * 0.5)
    opacity = rain.opacity[..., None]
    streak = np.float32(rng.uniform(0.55, 1.0)) * lit + 0.8 * night.ambient + 0.004
    return toned(light * (1 - opacity * 0.5) + opacity * streak)


def _psnr(rainy: Field, clean: Field) -> float:
    return float(-10 * np.log10(max(float(((rainy - clean) ** 2).mean()), 1e-10)))
