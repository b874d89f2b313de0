"""Differences between trainings of equal seeds, with their intervals."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.stats import t as student


@dataclass(frozen=True, slots=True)
class Difference:
    """How much larger one figure is than another, seed by seed."""

    mean: float
    half: float
    """Half the width of the 95 % interval of Student's t; infinite for one seed."""
    n_seeds: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return abs(self.mean) > self.half


def difference(own: Mapping[int, float], other: Mapping[int, float]) -> Difference | None:
    """The mean of the differences over the seeds that both have; None where they share none.

    Args:
        own: seed to figure.
        other: the figures that are taken away.

    >>> d = difference({0: 3.0, 1: 4.0, 2: 5.0}, {0: 2.0, 1: 2.0, 2: 2.0})
    >>> round(d.mean, 6), round(d.half, 3), d.n_seeds, d.is_clear
    (2.0, 2.484, 3, False)
    """
    shared = sorted(own.keys() & other.keys())
    if not shared:
        return None
    gains = [own[seed] - other[seed] for seed in shared]
    half = float("inf")
    if len(gains) > 1:
        half = float(student.ppf(0.975, len(gains) - 1)) * statistics.stdev(gains) / len(gains) ** 0.5
    return Difference(statistics.fmean(gains), half, len(gains))
