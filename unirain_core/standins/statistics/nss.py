"""Natural scene statistics of a picture: distributions of locally normalised luma and of its differences."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma

from unirain_core.standins.statistics.frame import Plane, gaussian

Vector = NDArray[np.float64]

SCALES = ("full size", "half size", "quarter size")
STILL = 0.002
"""Luma difference below which neighbouring pixels count as equal."""
SHAPES: Vector = np.arange(0.2, 10, 0.01)
"""Shape parameters that are tried for a generalised Gaussian."""
GGD_RATIO: Vector = gamma(1 / SHAPES) * gamma(3 / SHAPES) / gamma(2 / SHAPES) ** 2
"""E[x^2] / E[|x|]^2 of a generalised Gaussian of each shape; falls with the shape."""


def nss(luma: Plane) -> dict[str, float]:
    """All natural scene statistics of a frame's luma by name (features of BRISQUE at three scales, and differences)."""
    values: dict[str, float] = {}
    plane = luma * np.float32(255)
    for scale in SCALES:
        values |= {f"{name} ({scale})": value for name, value in _one_scale(plane).items()}
        plane = gaussian(plane, 0.8)[::2, ::2]
    return values | _differences(luma)


def _one_scale(plane: Plane) -> dict[str, float]:
    mean = gaussian(plane, 7 / 6)
    deviation = np.sqrt(np.abs(gaussian(plane * plane, 7 / 6) - mean * mean))
    normal = (plane - mean) / (deviation + 1)
    shape, scale = fit_ggd(normal)
    centred = normal - normal.mean()
    values = {
        "shape of contrast": shape,
        "size of contrast": scale,
        "mean local contrast": float(np.log(deviation.mean() + 0.1)),
        "spread of local contrast": float(np.log(deviation.std() + 0.1)),
        "skewness of contrast": float((centred * centred * centred).mean()),
    }
    neighbours = {
        "horizontal": normal[:, :-1] * normal[:, 1:],
        "vertical": normal[:-1] * normal[1:],
        "falling": normal[:-1, :-1] * normal[1:, 1:],
        "rising": normal[1:, :-1] * normal[:-1, 1:],
    }
    for direction, products in neighbours.items():
        fitted = zip(("shape", "mean", "left size", "right size"), fit_aggd(products), strict=True)
        values |= {f"{name} of {direction} neighbours": value for name, value in fitted}
    return values


def fit_ggd(values: Plane) -> tuple[float, float]:
    """Shape and standard deviation of a zero-mean generalised Gaussian, by moments; shape 2 is the Gaussian."""
    square, absolute = float(np.mean(values * values)), float(np.mean(np.abs(values)))
    return _shape_of(square / (absolute * absolute + 1e-9)), float(np.sqrt(square))


def _shape_of(ratio: float) -> float:
    return float(np.interp(-ratio, -GGD_RATIO, SHAPES))


def fit_aggd(values: Plane) -> tuple[float, float, float, float]:
    """Shape, mean, left and right scale of an asymmetric generalised Gaussian, by moments."""
    squares, below = values * values, values < 0
    left = _root_mean(squares, below)
    right = _root_mean(squares, values > 0)
    skew = left / right
    square, absolute = float(squares.mean()), float(np.abs(values).mean())
    ratio = (square + 1e-12) / (absolute * absolute + 1e-12)
    shape = _shape_of(ratio * (skew * skew + 1) ** 2 / ((skew**3 + 1) * (skew + 1)))
    half = gamma(2 / shape) / np.sqrt(gamma(1 / shape) * gamma(3 / shape))
    return shape, float((right - left) * half), left, right


def _root_mean(squares: Plane, where: NDArray[np.bool_]) -> float:
    count = int(np.count_nonzero(where))
    return float(np.sqrt(np.sum(squares, where=where, dtype=np.float64) / count)) + 1e-6 if count else 1e-6


def _differences(plane: Plane) -> dict[str, float]:
    values: dict[str, float] = {}
    for name, axis in (("sideways", 1), ("downwards", 0)):
        for order, word in ((1, "steps"), (2, "bends")):
            change = np.diff(plane, order, axis=axis)
            deviation = float(change.std()) + 1e-5
            square = (change / deviation) ** 2
            values |= {
                f"size of {name} {word}": float(np.log(deviation)),
                f"rarity of large {name} {word}": float(np.log((square * square).mean() + 1)),
                f"share without {name} {word}": float((np.abs(change) < STILL).mean()),
            }
    return values
