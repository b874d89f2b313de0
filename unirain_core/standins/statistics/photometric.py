"""Photometric statistics of a picture: brightness, colour, and how the marks stand against what is behind them."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from unirain_core.imaging.colour import luma
from unirain_core.standins.statistics.frame import Frame, Mask, Plane, gaussian
from unirain_core.standins.statistics.marks import correlation, relative_spread

MIN_COVER = 60
"""With fewer marked pixels the statistics of marks are 0."""
WHITE, NEARLY_WHITE, BLACK = 0.985, 0.97, 0.02
FLAT = 1e-5
"""Variance of 5 x 5 pixels below which a patch is flat."""
RIM = 0.06
"""Gradient of a hard edge, luma per pixel."""


def photometric(frame: Frame) -> dict[str, float]:
    """All photometric statistics of a frame by name."""
    gradient = _gradient(frame.luma)
    return {**brightness(frame), **_on_marks(frame, gradient), **_texture(frame.luma, gradient)}


def brightness(frame: Frame) -> dict[str, float]:
    """Statistics of the whole picture's brightness and colour."""
    largest, smallest = frame.rgb.max(axis=2), frame.rgb.min(axis=2)
    saturation = _saturation(frame.rgb)
    smooth = gaussian(frame.luma[::2, ::2], 6.0)
    low, high = np.percentile(smooth, (2, 98))
    names = ("darkest", "dark", "middle", "bright", "brightest")
    levels = np.percentile(frame.luma, (1, 10, 50, 90, 99))
    return {
        **{f"{name} brightness": float(level) for name, level in zip(names, levels, strict=True)},
        "contrast of the picture": float(frame.luma.std()),
        "share of white": float((smallest > WHITE).mean()),
        "share of clipped colour": float((largest > WHITE).mean()),
        "share of black": float((largest < BLACK).mean()),
        "saturation": float(saturation.mean()),
        "saturation of the most colourful": float(np.percentile(saturation, 90)),
        "haze": float(ndimage.minimum_filter(smallest, 9).mean()),
        "range of light": float(high - low),
    }


MARK_LIGHT_NAMES = (
    "area of marks",
    "colour of marks",
    "loss of saturation in marks",
    "strength of marks",
    "strength of the strongest marks",
    "spread of mark strength",
    "most common level in marks",
    "three most common levels in marks",
    "share of white in marks",
    "brightest mark",
    "marks above the brightest picture",
    "growth of mark strength with light",
    "growth of mark level with light",
    "link of mark strength and light",
    "rain near light",
    "sharpness of marks against the scene",
    "steepness of mark edges",
    "steepness of the steepest mark edges",
)


def _on_marks(frame: Frame, gradient: Plane) -> dict[str, float]:
    if np.count_nonzero(frame.marks) <= MIN_COVER:
        return dict.fromkeys(MARK_LIGHT_NAMES, 0.0)
    around = _around_marks(frame)
    values = (
        *_mark_colour(frame.rgb[frame.marks], around),
        *_mark_levels(frame),
        *_mark_light(frame, luma(around)),
        *_mark_edges(frame, gradient),
    )
    return dict(zip(MARK_LIGHT_NAMES, values, strict=True))


def _around_marks(frame: Frame) -> NDArray[np.float32]:
    """(N, 3) colour around every marked pixel, the marks left out."""
    outside = (~frame.marks).astype(np.float32)
    weight = gaussian(outside, 5.0) + np.float32(0.02)
    smooth = [gaussian(frame.rgb[..., c] * outside, 5.0)[frame.marks] for c in range(3)]
    return np.stack(smooth, axis=-1) / weight[frame.marks][:, None]


def _mark_colour(inside: NDArray[np.float32], around: NDArray[np.float32]) -> tuple[float, ...]:
    change = inside - around
    strength = np.maximum(luma(change), 0.01)
    chroma = (change.max(axis=1) - change.min(axis=1)) / (np.abs(change).max(axis=1) + 0.02)
    return (
        float(np.log(strength.size)),
        float(chroma.mean()),
        float(_saturation(inside).mean() - _saturation(around).mean()),
        float(np.median(strength)),
        float(np.percentile(strength, 95)),
        relative_spread(strength),
    )


def _mark_levels(frame: Frame) -> tuple[float, ...]:
    level = frame.luma[frame.marks]
    shares = np.sort(np.bincount((level * 100).astype(np.intp), minlength=101)) / level.size
    return (
        float(shares[-1]),
        float(np.log(shares[-3:].sum() + 0.01)),
        float((frame.rgb[frame.marks].min(axis=1) > NEARLY_WHITE).mean()),
        float(level.max()),
        float(np.percentile(level, 95) - np.percentile(frame.luma, 95)),
    )


def _mark_light(frame: Frame, light: NDArray[np.float32]) -> tuple[float, ...]:
    """How the marks' strength follows the light behind them; `light` is (N,) luma around them."""
    marks, residual = frame.marks, frame.residual
    height = residual[marks]
    ridge = height >= ndimage.maximum_filter(residual, 5)[marks] - 0.01
    rain = gaussian(np.maximum(residual, 0)[::2, ::2], 5.0)
    lit = gaussian(frame.background[::2, ::2], 5.0)
    return (
        _slope(light, height),
        _slope(light[ridge], frame.luma[marks][ridge]),
        correlation(light, height),
        correlation(rain, lit),
    )


def _mark_edges(frame: Frame, gradient: Plane) -> tuple[float, ...]:
    near = ndimage.binary_dilation(frame.marks)
    far = ~ndimage.binary_dilation(frame.marks, iterations=3)
    own = float(np.log(np.percentile(gradient[near], 95) + 0.01))
    scene = float(np.log(np.percentile(gradient[far], 99) + 0.01)) if far.sum() > MIN_COVER else own
    steep = gradient[near] / (ndimage.maximum_filter(np.abs(frame.residual), 5)[near] + 0.03)
    return own - scene, float(np.median(steep)), float(np.percentile(steep, 90))


def _texture(plane: Plane, gradient: Plane) -> dict[str, float]:
    """Flat patches with hard rims, lost resolution, steepest edges."""
    mean = ndimage.uniform_filter(plane, 5)
    flat: Mask = ndimage.uniform_filter(plane * plane, 5) - mean * mean < FLAT
    rim = ndimage.maximum_filter(gradient, 7) > RIM
    bend, step = np.diff(plane, 2, axis=1), plane[:, 8:] - plane[:, :-8]
    steep = np.log(np.percentile(gradient, (80, 99)) + 1e-3)
    return {
        "share of flat patches": float(flat.mean()),
        "share of flat patches with a hard rim": float((flat & rim).mean()),
        "fine detail": float(np.log((bend * bend).mean() + 1e-7) - np.log((step * step).mean() + 1e-7)),
        "steepest edges": float(steep[1]),
        "steepest edges against the others": float(steep[1] - steep[0]),
    }


def _gradient(plane: Plane) -> Plane:
    """Length of the Sobel gradient, luma per pixel."""
    down, across = ndimage.sobel(plane, axis=0), ndimage.sobel(plane, axis=1)
    return np.hypot(down, across).astype(np.float32) / np.float32(8)


def _saturation(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    largest = rgb.max(axis=-1)
    saturation: NDArray[np.float32] = (largest - rgb.min(axis=-1)) / (largest + np.float32(0.02))
    return saturation


def _slope(x: Plane, y: Plane) -> float:
    """Least-squares slope; 0 where there is too little to fit."""
    if x.size <= 10 or float(x.std()) <= 0.01:
        return 0.0
    step = x - x.mean(dtype=np.float64)
    return float((step * y).mean() / (step * step).mean())
