"""The shapes of the bright marks on a picture: how many, how long, how wide, how aligned."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from unirain_core.standins.statistics.frame import Mask, Plane

Vector = NDArray[np.float64]

MIN_AREA = 4
"""Marks of fewer pixels have no shape."""
MIN_MARKS = 4
"""With fewer marks there is nothing to describe: every statistic is 0."""
ELONGATED = 2.5
"""Ratio of length to width from which a mark counts as a line."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Connected marks, 8-neighbours, of at least MIN_AREA pixels; all (N,)."""

    area: Vector
    """Pixels."""
    length: Vector
    """Pixels, from second moments."""
    width: Vector
    """Pixels, from second moments."""
    angle: Vector
    """Radians from the horizontal, modulo pi."""
    peak: Vector
    """Largest residual in the mark, luma."""


def find_marks(mask: Mask, residual: Plane) -> Marks:
    """Label the connected parts of the mask and take their moments."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    rows, columns = np.nonzero(mask)
    label = labels[rows, columns] - 1
    area = np.bincount(label, minlength=count).astype(np.float64)

    def mean(values: NDArray[np.floating]) -> Vector:
        return np.bincount(label, values, minlength=count) / np.maximum(area, 1)

    x, y = columns.astype(np.float64), rows.astype(np.float64)
    mean_x, mean_y = mean(x), mean(y)
    var_x, var_y, cov = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2, mean(x * y) - mean_x * mean_y
    spread = np.sqrt((var_x - var_y) ** 2 + 4 * cov**2)
    long, short = ((var_x + var_y + sign * spread) / 2 for sign in (1, -1))
    peak = np.zeros(count)
    np.maximum.at(peak, label, residual[rows, columns])
    shaped = area >= MIN_AREA
    return Marks(
        area=area[shaped],
        length=_extent(long)[shaped],
        width=_extent(short)[shaped],
        angle=(0.5 * np.arctan2(2 * cov, var_x - var_y))[shaped],
        peak=peak[shaped],
    )


def _extent(variance: Vector) -> Vector:
    """Length of a bar of that variance; one pixel has length 1."""
    extent: Vector = np.sqrt(12 * np.maximum(variance, 0)) + 1
    return extent


def mark_statistics(mask: Mask, residual: Plane, scale: str) -> dict[str, float]:
    """Sixteen statistics of the marks; `scale` (fine, coarse) ends every name."""
    marks = find_marks(mask, residual)
    values = dict.fromkeys(MARK_NAMES, 0.0)
    if marks.area.size >= MIN_MARKS:
        values = dict(zip(MARK_NAMES, _describe(marks, float(mask.mean())), strict=True))
    return {f"{name} ({scale})": value for name, value in values.items()}


MARK_NAMES = (
    "number of marks",
    "typical length of marks",
    "length of the longest marks",
    "typical width of marks",
    "width of the widest marks",
    "spread of mark lengths",
    "spread of mark widths",
    "typical elongation of marks",
    "share of marks that are lines",
    "alignment of lines",
    "typical brightness of marks",
    "brightness of the brightest marks",
    "spread of mark brightness",
    "area covered by marks",
    "link of mark width and brightness",
    "area of the largest marks",
)


def _describe(marks: Marks, cover: float) -> tuple[float, ...]:
    length, width, peak = marks.length, marks.width, marks.peak
    elongation = length / width
    lines = elongation > ELONGATED
    return (
        float(np.log(length.size)),
        float(np.log(np.median(length))),
        float(np.log(np.percentile(length, 90))),
        float(np.log(np.median(width))),
        float(np.log(np.percentile(width, 90))),
        relative_spread(length),
        relative_spread(width),
        float(np.median(elongation)),
        float(lines.mean()),
        float(np.abs(np.exp(2j * marks.angle[lines]).mean())) if lines.sum() > 2 else 0.0,
        float(np.median(peak)),
        float(np.percentile(peak, 95)),
        relative_spread(peak),
        cover,
        correlation(np.log(width), peak),
        float(np.log(np.percentile(marks.area, 97))),
    )


def relative_spread(values: NDArray[np.floating]) -> float:
    """Standard deviation over mean; 0 where the mean is 0."""
    mean = float(values.mean())
    return float(values.std()) / mean if mean else 0.0


def correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Pearson correlation; 0 where one side does not vary."""
    x, y = first - first.mean(dtype=np.float64), second - second.mean(dtype=np.float64)
    norm = float(np.sqrt((x * x).mean() * (y * y).mean()))
    return float((x * y).mean()) / norm if norm > 1e-9 else 0.0
