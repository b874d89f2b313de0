"""Path B: 'real' photos. Rain from the second renderer, seen through a lens, a sensor and JPEG."""

import io
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.random import Generator
from PIL import Image

from unirain_core.imaging.codec import to_float, to_uint8
from unirain_core.standins.rain.compose import Scene
from unirain_core.standins.rain.drops import seen_through, wet_glass
from unirain_core.standins.rain.filters import Field, blur, clipped
from unirain_core.standins.rain.grading import saturated, veiled
from unirain_core.standins.rain.night import Night, toned
from unirain_core.standins.rain.noise_streaks import noise_streaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera and its setting."""

    falloff: float
    """Light lost in the corners, as a share."""
    cast: tuple[float, float, float]
    """Gains of red, green and blue."""
    saturation: float
    contrast: float
    """Strength of the S curve."""
    read_noise: float
    """Variance of the noise in the dark."""
    shot_noise: float
    """Variance of the noise per unit of light."""
    quality: int
    """Of the JPEG file."""

    @classmethod
    def drawn(cls, rng: Generator) -> Self:
        """A camera at random."""
        red, green, blue = (1 + rng.normal(0, 0.035, 3)).tolist()
        return cls(
            falloff=rng.uniform(0.05, 0.28),
            cast=(red, green, blue),
            saturation=rng.uniform(0.7, 1.0),
            contrast=rng.uniform(-0.08, 0.12),
            read_noise=rng.uniform(1e-5, 8e-5),
            shot_noise=rng.uniform(1e-4, 6e-4),
            quality=int(rng.integers(72, 94)),
        )

    def exposed(self, picture: Field) -> Field:
        """What the lens and the colour processing make of a picture; no noise: (H, W, 3) in [0, 1]."""
        height, width = picture.shape[:2]
        rows, columns = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
        corners = 1 - self.falloff * (rows**2 + columns**2) / 2
        cast = np.clip(picture * corners[..., None] * np.array(self.cast), 0, 1).astype(np.float32)
        pale = saturated(cast, self.saturation)
        curved = pale + self.contrast * (pale - pale**2) * (2 * pale - 1) * 2
        return clipped(curved)

    def developed(self, exposure: Field, rng: Generator) -> Field:
        """The exposure with noise, through a JPEG file: (H, W, 3) in [0, 1].

        JPEG's bytes depend on the library's build, so that the file stays in memory and pixels are stored.
        """
        noise = rng.standard_normal(exposure.shape, dtype=np.float32)
        noisy = exposure + noise * np.sqrt(self.read_noise + self.shot_noise * exposure)
        buffer = io.BytesIO()
        Image.fromarray(to_uint8(noisy)).save(buffer, "JPEG", quality=self.quality)
        with Image.open(buffer) as image:
            return to_float(np.asarray(image))


def photographed(scene: Scene, rng: Generator, *, drops: bool) -> tuple[Field, Field]:
    """A scene in the rain and, by the same camera but without noise and JPEG, the scene without rain.

    Args:
        scene: what stands before the camera.
        rng: source of randomness.
        drops: drops on the lens; else streaks.

    Returns:
        The rainy and the clean picture, (H, W, 3) in [0, 1].
    """
    camera = Camera.drawn(rng)
    rainy = _through_lens(scene, rng) if drops else _streaks(scene, rng)
    return camera.developed(camera.exposed(rainy), rng), camera.exposed(scene.clean)


def _through_lens(scene: Scene, rng: Generator) -> Field:
    glass = wet_glass(rng, night=scene.night is not None)
    glass = replace(glass, count=int(glass.count * rng.uniform(0.7, 1.3)))
    unit = scene.clean.shape[0] / 256
    if scene.night is not None:
        glow = blur(np.clip(scene.night.light - 0.7, 0, 5), 13 * unit)
        return toned(seen_through(scene.night.light + 0.3 * glow, glass, rng))
    white = np.full(3, 0.85, dtype=np.float32)
    misty = veiled(scene.clean, density=rng.uniform(0, 0.3), colour=white, rng=rng)
    return clipped(clipped(seen_through(misty**2.2, glass, rng)) ** (1 / 2.2))


def _streaks(scene: Scene, rng: Generator) -> Field:
    return _by_day(scene.clean, rng) if scene.night is None else _by_night(scene.night, rng)


def _by_day(clean: Field, rng: Generator) -> Field:
    """Streaks hide what is behind them and shine in the sky's colour."""
    height, width = clean.shape[:2]
    rain = noise_streaks(height, width, rng)
    sky = (np.array([0.9, 0.95, 1.0]) * rng.uniform(0.6, 0.9)).astype(np.float32)
    misty = veiled(clean, density=rng.uniform(0.2, 0.9) * rain.density, colour=sky, rng=rng)
    opacity = rain.opacity[..., None]
    around = blur(misty, 6 * height / 256)
    return clipped(misty * (1 - 0.85 * opacity) + opacity * (0.55 * sky + 0.45 * around))


def _by_night(night: Night, rng: Generator) -> Field:
    height, width = night.light.shape[:2]
    rain = noise_streaks(height, width, rng)
    glow = blur(np.clip(night.light - 0.7, 0, 5), 17 * height / 256)
    light = night.light * np.float32(np.exp(-0.3 * rain.density))
    light += np.float32(1.1 * rain.density) * glow + np.float32(0.03 * rain.density) * night.lamps
    opacity = rain.opacity[..., None]
    streak = np.float32(rng.uniform(0.5, 0.9)) * night.lamps + 0.8 * night.ambient + 0.004
    return toned(light * (1 - 0.7 * opacity) + opacity * streak)
