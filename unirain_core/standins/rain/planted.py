"""Rain of low fidelity, made on purpose: what the judges are there to find."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw
from scipy import ndimage

from unirain_core.imaging.codec import to_float
from unirain_core.standins.rain.compose import Scene, drops_over, rain_over, streaks_over
from unirain_core.standins.rain.drops import wet_glass
from unirain_core.standins.rain.filters import Field, clipped, resized
from unirain_core.standins.rain.streaks import Layer, layer_opacity

STREAK_KINDS = ("flat_lines", "parallel", "wrong_scale", "snow", "crossed", "bad_background")
DROP_KINDS = ("grey_discs", "stamped", "wrong_scale", "snow", "bad_background")


def low_fidelity(kind: str, scene: Scene, rng: Generator, *, drops: bool) -> tuple[Field, Field]:
    """A pair whose rain (or, for `bad_background`, whose scene) nobody would believe.

    Args:
        kind: one of STREAK_KINDS, with `drops` one of DROP_KINDS.
        scene: what stands before the camera.
        rng: source of randomness.
        drops: whether the pair stands among drops.

    Returns:
        The rainy and the clean picture, (H, W, 3) in [0, 1].

    Raises:
        ValueError: the kind does not occur among streaks, or drops.
    """
    clean = scene.clean
    match kind:
        case "bad_background":
            return _on_bad_background(scene, rng, drops=drops)
        case "wrong_scale" if drops:
            glass = wet_glass(rng, night=scene.night is not None)
            few = replace(glass, count=max(4, glass.count // 10), enlarged=rng.uniform(6, 9))
            return drops_over(scene, rng, glass=few), clean
        case "snow":
            return _snow(clean, rng), clean
        case "grey_discs" if drops:
            return _grey_discs(clean, rng), clean
        case "stamped" if drops:
            return _stamped(clean, rng), clean
        case "flat_lines" if not drops:
            return _flat_lines(clean, rng), clean
        case "parallel" if not drops:
            return _parallel(clean, rng), clean
        case "wrong_scale":
            return _giant_bars(clean, rng), clean
        case "crossed" if not drops:
            return _crossed(clean, rng), clean
        case _:
            raise ValueError(f"no kind {kind!r} among {DROP_KINDS if drops else STREAK_KINDS}")


def _flat_lines(clean: Field, rng: Generator) -> Field:
    """Hard lines of one brightness."""
    angle, spread, length = rng.normal(0, 15), rng.uniform(1, 14), rng.uniform(14, 40)
    count, width = int(rng.integers(60, 260)), int(rng.integers(1, 4))
    drawn = _lines(clean, rng, count=count, length=length, width=width, angle=angle, spread=spread)
    return clipped(np.maximum(clean, drawn * rng.uniform(0.85, 1)))


def _parallel(clean: Field, rng: Generator) -> Field:
    """The same line again and again."""
    count, width = int(rng.integers(90, 320)), int(rng.integers(1, 3))
    length, angle = rng.uniform(18, 45), rng.normal(0, 18)
    drawn = _lines(clean, rng, count=count, length=length, width=width, angle=angle, spread=0) * np.float32(
        0.75
    )
    return clipped(clean * (1 - drawn) + drawn * rng.uniform(0.75, 1))


def _lines(
    clean: Field, rng: Generator, *, count: int, length: float, width: int, angle: float, spread: float
) -> Field:
    """Cover of hard lines: (H, W, 1), 0 or 1."""
    rows, columns = clean.shape[:2]
    image = Image.new("L", (columns, rows))
    pen = ImageDraw.Draw(image)
    for _ in range(count):
        x, y, turn = rng.uniform(0, columns), rng.uniform(0, rows), np.deg2rad(angle + rng.normal(0, spread))
        half = length * rows / 512 * (rng.uniform(0.8, 1.2) if spread else 1)
        across, down = float(np.sin(turn) * half), float(np.cos(turn) * half)
        pen.line([x - across, y - down, x + across, y + down], fill=255, width=width)
    return to_float(np.asarray(image))[..., None]


def _giant_bars(clean: Field, rng: Generator) -> Field:
    """A few soft bars, ten times as long as a streak."""
    unit = clean.shape[0] / 256
    bars = Layer(
        count=int(rng.integers(10, 30)),
        length=rng.uniform(120, 240) * unit,
        width=rng.uniform(4, 8) * unit,
        peak=rng.uniform(0.5, 0.9),
        angle=rng.normal(0, 12),
        fan=4,
        jitter=2,
    )
    opacity = layer_opacity(bars, clean.shape[0], clean.shape[1], rng)[..., None]
    return clipped(clean * (1 - opacity) + opacity * rng.uniform(0.7, 0.95))


def _crossed(clean: Field, rng: Generator) -> Field:
    """Depths that fall in opposite directions, white everywhere, never out of focus."""
    height, width = clean.shape[:2]
    unit, side = height / 256, rng.choice([-1, 1])
    clear = np.ones((height, width), dtype=np.float32)
    for scale, sign in ((0.6, -1), (1.0, 1), (1.8, -1), (2.4, 1)):
        layer = Layer(
            count=int(height * width * 0.0035 / scale**2 / unit**2),
            length=18 * scale * unit,
            width=max(0.5, 0.55 * scale) * unit,
            peak=0.55,
            angle=sign * side * rng.uniform(22, 45),
            jitter=3,
        )
        clear *= 1 - layer_opacity(layer, height, width, rng)
    opacity = (1 - clear)[..., None]
    return clipped(clean * (1 - opacity) + opacity * rng.uniform(0.75, 0.95))


def _snow(clean: Field, rng: Generator) -> Field:
    """White points."""
    shape = clean.shape[:2]
    points = rng.random(shape) < rng.uniform(0.012, 0.05)
    flakes = ndimage.maximum_filter(rng.random(shape) < 0.004, size=2)
    return np.maximum(clean, (points | flakes).astype(np.float32)[..., None])


def _grey_discs(clean: Field, rng: Generator) -> Field:
    """Opaque hard discs."""
    height, width = clean.shape[:2]
    rows, columns = np.arange(height)[:, None], np.arange(width)
    rainy, count, grey = clean.copy(), int(rng.integers(20, 60)), rng.uniform(0.45, 0.75)
    for _ in range(count):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(4, 15) * height / 256
        rainy[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = grey + rng.uniform(-0.06, 0.06)
    return rainy


def _stamped(clean: Field, rng: Generator) -> Field:
    """One picture of a drop, copied on a square grid."""
    height, width = clean.shape[:2]
    radius = max(3, int(rng.uniform(7, 13) * height / 256))
    pitch = radius * rng.uniform(3.2, 4.6)
    down, across = np.mgrid[-radius : radius + 1, -radius : radius + 1] / radius
    cover = 0.8 * (np.hypot(down, across) <= 1)[..., None]
    spark = np.exp(-((across + 0.3) ** 2 + (down + 0.4) ** 2) / 0.06)
    stamp = np.clip(0.35 + 0.32 * down + 0.5 * spark, 0, 1)[..., None]
    rainy = clean.copy()
    for y in np.arange(radius + 1, height - radius - 1, pitch).astype(int):
        for x in np.arange(radius + 1, width - radius - 1, pitch).astype(int):
            window = np.s_[y - radius : y + radius + 1, x - radius : x + radius + 1]
            rainy[window] = rainy[window] * (1 - cover) + stamp * cover
    return rainy


def _on_bad_background(scene: Scene, rng: Generator, *, drops: bool) -> tuple[Field, Field]:
    """Good rain over a ruined scene; by night the finished pair is ruined."""
    ruin = _ruin(rng)
    if scene.night is not None:
        return ruin(rain_over(scene, rng, drops=drops)), ruin(scene.clean)
    ruined = Scene(clean=ruin(scene.clean), night=None)
    rainy = drops_over(ruined, rng) if drops else streaks_over(ruined, rng, density=0.8)
    return rainy, ruined.clean


def _ruin(rng: Generator) -> Callable[[Field], Field]:
    """Overexpose, or shrink and blow up."""
    gain, factor = np.float32(rng.uniform(1.9, 2.6)), rng.uniform(5, 8)
    smooth, over = rng.random() < 0.6, rng.random() < 0.5
    method = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST

    def ruined(picture: Field) -> Field:
        if over:
            return clipped(picture * gain + 0.12)
        height, width = picture.shape[:2]
        small = resized(picture, int(height / factor), int(width / factor), Image.Resampling.BOX)
        return clipped(resized(small, height, width, method))

    return ruined
