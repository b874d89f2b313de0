"""SSIM of Eq. 3 for many pairs of small pictures: float32 proposes the nearest, float64 decides.

The Gaussian window is a product with a banded matrix from both sides, cut into blocks that skip most of its zeros.
Grey values are taken less 128: a covariance does not change, and its rounding errors become four times smaller.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unirain_core.distill.ranking import DECIMALS, Float64Array, Positions, border, ranked
from unirain_core.distill.similarity import structural_similarity
from unirain_core.imaging.ssim import GAUSSIAN, GAUSSIAN_SIDE, stabilisers

Floats = NDArray[np.floating[Any]]

BUDGET = 2 * 2**30
"""Bytes of moments that are kept: 19,000 references of side 128. Moments of others are computed when they are needed."""

PROPOSAL_ERROR = 6e-3
"""How far SSIM in float32 may lie from SSIM, at most.

With u = 2^-24, a window's mean of values of size M is off by 25 u M: two passes of 11 products and the rounded weights. So
a mean is off by 2e-4 and a mean square by .024 (M = 128 and 128^2), a covariance or a variance by 78 u M = .076 with the
square of the means. The structure term's denominator is at least C2 = 58.5, and its numerator is no larger: the term is
off by 4 x .076 / 58.5 = .0053, the luminance term by .00023, the mean over all windows by less than .00001. Pictures do not
come near it: 1e-6 is usual.
"""

_DECISION_ERROR = 5e-12
"""How far our SSIM in float64 may lie from `structural_similarity`. Equal pictures, all black or all white, were 4e-13
apart; natural ones are 1e-15 apart. Where this could change the last decimal, `structural_similarity` decides."""

_BLOCK = 16
"""Windows of one product. Larger blocks multiply more zeros. Much smaller ones are no matrices any more. Up to side 600 a
product is so small that BLAS leaves it to the calling thread, and several threads can work side by side."""

_MIDDLE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Of whole windows; grey values less 128."""

    mean: Floats
    """(..., N, N) with N = S - 10."""
    variance: Floats
    """(..., N, N)."""


class Structures:
    """The references' pictures, with the float32 moments of those that were candidates before."""

    def __init__(self, pictures: NDArray[np.uint8], rows: Positions, *, budget: int = BUDGET) -> None:
        """Keep what is on the disk there.

        Args:
            pictures: (N, S, S), may be memory-mapped.
            rows: (R,) row of each position's picture.
            budget: bytes that the kept moments may take.
        """
        self._pictures, self._rows = pictures, rows
        side = max(pictures.shape[1] - GAUSSIAN_SIDE + 1, 1)
        capacity = min(len(rows), budget // (2 * 4 * side * side))
        self._kept = np.empty(
            (capacity, 2, side, side), dtype=np.float32
        )  # the system gives pages on first use
        self._slots = np.full(len(rows), -1, dtype=np.int64)
        self._n_kept = 0

    def prepare(self, candidates: Sequence[Positions], pool: Executor) -> None:
        """Compute and keep the moments of candidates that have none yet, as long as they fit."""
        if not candidates:
            return
        wanted = np.unique(np.concatenate(candidates))
        fresh = wanted[self._slots[wanted] < 0][: len(self._kept) - self._n_kept]
        slots = np.arange(self._n_kept, self._n_kept + len(fresh))
        parts = range(0, len(fresh), _BLOCK)
        for _ in pool.map(lambda at: self._keep(fresh[at : at + _BLOCK], slots[at : at + _BLOCK]), parts):
            pass
        self._slots[fresh] = slots
        self._n_kept += len(fresh)

    def nearest(self, query: NDArray[np.uint8], at: Positions, keep: int) -> tuple[Positions, Float64Array]:
        """The `keep` candidates of the highest SSIM, highest first, by the tie rule.

        Args:
            query: (S, S) grey.
            at: (n,) positions of the candidates.
            keep: how many are wanted, at least 1.

        Returns:
            Positions, and their rounded SSIM as `structural_similarity` has it.
        """
        centred = query.astype(np.float64) - _MIDDLE
        moments = _moments(centred)
        chosen = at
        if keep < len(at):
            certain, possible = border(-self._proposed(centred, moments, at), keep, PROPOSAL_ERROR)
            chosen = at[certain | possible]
        order, costs = ranked(chosen, -self._decided(query, centred, moments, chosen))
        return order[:keep], 0.0 - costs[:keep]

    def _keep(self, at: Positions, slots: Positions) -> None:
        moments = _moments(self._centred(at, np.float32))
        self._kept[slots, 0], self._kept[slots, 1] = moments.mean, moments.variance

    def _centred(self, at: Positions, kind: type[np.floating[Any]]) -> Floats:
        centred: Floats = self._pictures[self._rows[at]].astype(kind)
        centred -= kind(_MIDDLE)
        return centred

    def _proposed(self, query: Float64Array, moments: Moments, at: Positions) -> Floats:
        pictures = self._centred(at, np.float32)
        slots = self._slots[at]
        kept = slots >= 0
        if kept.all():
            of_references = Moments(self._kept[slots, 0], self._kept[slots, 1])
        else:
            of_references = _moments(pictures)
        pictures *= query.astype(np.float32)
        of_query = Moments(moments.mean.astype(np.float32), moments.variance.astype(np.float32))
        return _similarities(of_query, of_references, _window_means(pictures))

    def _decided(
        self, query: NDArray[np.uint8], centred: Float64Array, moments: Moments, at: Positions
    ) -> Float64Array:
        pictures = self._centred(at, np.float64)
        in_float64 = _similarities(moments, _moments(pictures), _window_means(pictures * centred))
        similarities = in_float64.astype(np.float64, copy=False)
        scaled = similarities * 10.0**DECIMALS
        from_border = np.abs(scaled - np.floor(scaled) - 0.5)
        unsure = from_border < _DECISION_ERROR * 10.0**DECIMALS
        if unsure.any():
            similarities[unsure] = structural_similarity(query, self._pictures[self._rows[at[unsure]]])
        return similarities


def _moments(pictures: Floats) -> Moments:
    mean = _window_means(pictures)
    variance = _window_means(pictures * pictures)
    variance -= mean * mean
    return Moments(mean, variance)


def _similarities(query: Moments, references: Moments, product: Floats) -> Floats:
    """(R,) SSIM of one picture and R others.

    Args:
        query: (N, N) each.
        references: (R, N, N) each; overwritten.
        product: (R, N, N) windows' means of the product of both; overwritten.
    """
    kind = product.dtype.type
    c1, c2 = (kind(c) for c in stabilisers(255.0))
    product -= query.mean * references.mean
    product *= kind(2)
    product += c2
    spread = references.variance
    spread += query.variance + c2
    product /= spread
    first, second = query.mean + kind(_MIDDLE), references.mean
    second += kind(_MIDDLE)
    luminance = first * second
    luminance *= kind(2)
    luminance += c1
    second *= second
    second += first * first + c1
    luminance /= second
    product *= luminance
    means: Floats = product.reshape(len(product), -1).mean(axis=1)
    return means


def _window_means(pictures: Floats) -> Floats:
    """(..., N, N) Gaussian means over whole windows of (..., S, S), N = S - 10."""
    *leading, side, _ = pictures.shape
    band = _band(side, pictures.dtype)
    inner = len(band)
    along_rows = np.empty((*leading, side, inner), dtype=pictures.dtype)
    means = np.empty((*leading, inner, inner), dtype=pictures.dtype)
    for start in range(0, inner, _BLOCK):
        out, into = slice(start, start + _BLOCK), slice(start, start + _BLOCK + GAUSSIAN_SIDE - 1)
        np.matmul(pictures[..., into], band[out, into].T, out=along_rows[..., out])
    for start in range(0, inner, _BLOCK):
        out, into = slice(start, start + _BLOCK), slice(start, start + _BLOCK + GAUSSIAN_SIDE - 1)
        np.matmul(band[out, into], along_rows[..., into, :], out=means[..., out, :])
    return means


@lru_cache(maxsize=4)
def _band(side: int, kind: np.dtype[np.floating[Any]]) -> Floats:
    """(N, S) matrix whose product with a column is the column's means over whole windows."""
    inner = side - GAUSSIAN_SIDE + 1
    band = np.zeros((inner, side), dtype=kind)
    for row in range(inner):
        band[row, row : row + GAUSSIAN_SIDE] = GAUSSIAN
    return band
