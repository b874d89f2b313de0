"""What many proxies say together: the best choice of data for each rain type, and whether longer trainings agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, stdev

import numpy as np

from unirain_core.reweight.slope import Float64Array

AVERAGE = "average"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A finished proxy: one row of the table."""

    mixture: str
    family: str
    seed: int
    steps: int
    pairs: int
    key: str
    psnr: dict[str, float]
    """By rain type, in dB."""

    def value(self, column: str) -> float:
        """PSNR of a rain type, or of all: each counts the same."""
        return fmean(self.psnr.values()) if column == AVERAGE else self.psnr[column]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mixture's PSNR over seeds."""

    mixture: str
    mean: float
    spread: float | None
    """Standard deviation over seeds; None of one."""
    seeds: int


def ranking(proxies: Iterable[Proxy], column: str) -> list[Mean]:
    """The mixtures by their mean over seeds, best first."""
    values: dict[str, list[float]] = {}
    for proxy in proxies:
        values.setdefault(proxy.mixture, []).append(proxy.value(column))
    means = [
        Mean(name, fmean(own), stdev(own) if len(own) > 1 else None, len(own)) for name, own in values.items()
    ]
    return sorted(means, key=lambda mean: (-mean.mean, mean.mixture))


def spread_over_ranks(ranked: Sequence[Mean], count: int) -> list[str]:
    """So many mixtures from the best to the worst, evenly spaced.

    >>> spread_over_ranks([Mean(name, 0, None, 1) for name in "abcde"], 3)
    ['a', 'c', 'e']
    """
    places = np.unique(np.linspace(0, len(ranked) - 1, min(count, len(ranked))).round().astype(int))
    return [ranked[place].mixture for place in places]


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Correlation of ranks, equal values sharing their mean rank; NaN where one side is constant.

    >>> round(spearman([1, 2, 3, 4], [1, 3, 2, 4]), 6)
    0.8
    """
    one, other = (_ranks(values) - (len(values) + 1) / 2 for values in (first, second))
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale else float("nan")


def kendall(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's tau-b: pairs in the same order less those in the other, in units that allow for ties.

    >>> round(kendall([1, 2, 3, 4], [1, 3, 2, 4]), 6)
    0.666667
    """
    signs = [
        (np.sign(first[b] - first[a]), np.sign(second[b] - second[a]))
        for a, b in combinations(range(len(first)), 2)
    ]
    one, other = (np.array(side, dtype=np.float64) for side in zip(*signs, strict=True))
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale else float("nan")


def _ranks(values: Sequence[float]) -> Float64Array:
    array = np.asarray(values, dtype=np.float64)
    below = (array[None] < array[:, None]).sum(axis=1)
    same = (array[None] == array[:, None]).sum(axis=1)
    ranks: Float64Array = below + (same + 1) / 2
    return ranks
