"""SSIM of Eq. 3 for many pairs of small pictures: float32 proposes the nearest, float64 decides.

The Gaussian window is a product with a banded matrix from both sides, cut into blocks that skip most of its zeros.
Grey values are taken less 128: a covariance does not change, and its rounding errors become four times smaller.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from unirain_core.distill.ranking import DECIMALS, Float64Array, Positions, border, ranked
from unirain_core.distill.similarity import structural_similarity
from unirain_core.imaging.ssim import GAUSSIAN, GAUSSIAN_SIDE, stabilisers

Floats = NDArray[np.floating[Any]]

BUDGET = 2 * 2**30
"""Bytes of moments that are kept: 19,000 references of side 128. Moments of others are computed when they are needed."""

_UNIT = 2.0**-24
"""Relative error of one operation in float32."""

_LUMINANCE_ERROR = 2.4e-4
"""How far the luminance term may lie from the true one: a window's mean is off by 25 x 2^-24 x 128 at most."""

_DECISION_ERROR = 5e-12
"""How far our SSIM in float64 may lie from `structural_similarity`. White, black and chequered pictures were at most 3e-13
apart, noise and smooth ones 1e-15. Where this could change the last decimal, `structural_similarity` decides."""

_BLOCK = 16
"""Windows of one product. Larger blocks multiply more zeros. Much smaller ones are no matrices any more. Up to side 600 a
product is so small that BLAS leaves it to the calling thread, and several threads can work side by side."""

_TOGETHER = 20
"""Candidates that are compared at once. Fewer make calls of NumPy so short that the threads wait for each other's Python
most of the time; more leave a core's cache."""

_MIDDLE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Of whole windows; grey values less 128."""

    mean: Floats
    """(..., N, N) with N = S - 10."""
    variance: Floats
    """(..., N, N)."""
    level: Floats
    """(...) mean square of `mean`: what float32 loses in a variance grows with it."""


def proposal_error(query: Moments, references: Moments) -> Floats:
    """(R,) how far SSIM in float32 may lie from SSIM, at most.

    Let x and y be the grey values less 128, u = 2^-24 and E a window's mean. Two passes of 11 products and the rounded weights
    leave E off by 25 u E|.|. So a variance is off by 77 u E x^2, with the square of the mean, and twice the covariance by
    77 u (E x^2 + E y^2). The structure term is at most 1 in size; with the roundings of its own arithmetic it is off by
    170 u (E x^2 + E y^2) / (Var x + Var y + C2), which is at most 170 u (1 + ((E x)^2 + (E y)^2) / C2). SSIM is the mean
    over all windows.
    """
    _, c2 = stabilisers(255.0)
    error: Floats = 170 * _UNIT * (1.0 + (query.level + references.level) / c2) + _LUMINANCE_ERROR
    return error


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
        inner = max(pictures.shape[1] - GAUSSIAN_SIDE + 1, 1)
        capacity = min(len(rows), budget // (2 * 4 * inner * inner))
        self._means = np.empty((capacity, inner, inner), dtype=np.float32)  # pages come with the first use
        self._variances = np.empty_like(self._means)
        self._levels = np.empty(capacity, dtype=np.float32)
        self._slots = np.full(len(rows), -1, dtype=np.int64)
        self._n_kept = 0
        self._of_thread = threading.local()

    def prepare(self, candidates: Sequence[Positions], pool: Executor) -> None:
        """Compute and keep the moments of candidates that have none yet, as long as they fit."""
        if not candidates:
            return
        wanted = np.unique(np.concatenate(candidates))
        fresh = wanted[self._slots[wanted] < 0][: len(self._means) - self._n_kept]
        parts = [fresh[start : start + _TOGETHER] for start in range(0, len(fresh), _TOGETHER)]
        slots = range(self._n_kept, self._n_kept + len(fresh), _TOGETHER)
        for _ in pool.map(self._keep, parts, slots):
            pass  # the first error is raised here
        self._slots[fresh] = np.arange(self._n_kept, self._n_kept + len(fresh))
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
        moments = _moments(centred, Workspace())
        chosen = at
        if keep < len(at):
            similarities, errors = self._proposed(centred, moments, at)
            certain, possible = border(-similarities, keep, errors)
            chosen = at[certain | possible]
        order, costs = ranked(chosen, -self._decided(query, centred, moments, chosen))
        return order[:keep], 0.0 - costs[:keep]

    def _keep(self, at: Positions, first: int) -> None:
        """Compute moments into the slots from `first` on."""
        space, slots = self._space(), slice(first, first + len(at))
        pictures = self._centred(at, np.float32, space)
        moments = _moments_into(self._means[slots], self._variances[slots], pictures, space)
        self._levels[slots] = moments.level

    def _space(self) -> "Workspace":
        """The buffers of the calling thread."""
        space: Workspace | None = getattr(self._of_thread, "space", None)
        if space is None:
            space = self._of_thread.space = Workspace()
        return space

    def _centred(self, at: Positions, kind: type[np.floating[Any]], space: "Workspace") -> Floats:
        side = self._pictures.shape[1]
        pictures = space.array("pictures", (len(at), side, side), np.dtype(kind))
        grey = self._pictures[self._rows[at]]
        np.bitwise_xor(grey, np.uint8(_MIDDLE), out=grey)  # less 128 in one byte, where it is read as signed
        np.copyto(pictures, grey.view(np.int8))
        return pictures

    def _proposed(self, query: Float64Array, moments: Moments, at: Positions) -> tuple[Floats, Floats]:
        """(R,) SSIM in float32, and its largest errors."""
        space, twice = self._space(), (2 * query).astype(np.float32)
        of_query = Moments(
            moments.mean.astype(np.float32), moments.variance.astype(np.float32), moments.level
        )
        similarities, errors = np.empty((2, len(at)), dtype=np.float32)
        for start in range(0, len(at), _TOGETHER):
            part = slice(start, start + _TOGETHER)
            pictures = self._centred(at[part], np.float32, space)
            of_references = self._moments_of(at[part], pictures, space)
            errors[part] = proposal_error(of_query, of_references)
            pictures *= twice
            product = _window_means(pictures, space.inner("product", pictures), space)
            similarities[part] = _similarities(of_query, of_references, product, space)
        return similarities, errors

    def _moments_of(self, at: Positions, pictures: Floats, space: "Workspace") -> Moments:
        """Kept moments where there are, copied, since what follows overwrites them."""
        slots = self._slots[at]
        if (slots < 0).any():
            return _moments(pictures, space)
        mean, variance = _of_moments(pictures, space)
        np.take(self._means, slots, axis=0, out=mean, mode="clip")  # with another mode, NumPy copies twice
        np.take(self._variances, slots, axis=0, out=variance, mode="clip")
        return Moments(mean, variance, self._levels[slots])

    def _decided(
        self, query: NDArray[np.uint8], centred: Float64Array, moments: Moments, at: Positions
    ) -> Float64Array:
        space, twice = self._space(), 2 * centred
        similarities = np.empty(len(at))
        for start in range(0, len(at), _TOGETHER):
            part = slice(start, start + _TOGETHER)
            pictures = self._centred(at[part], np.float64, space)
            of_references = _moments(pictures, space)
            pictures *= twice
            product = _window_means(pictures, space.inner("product", pictures), space)
            similarities[part] = _similarities(moments, of_references, product, space)
        scaled = similarities * 10.0**DECIMALS
        from_border = np.abs(scaled - np.floor(scaled) - 0.5)
        unsure = from_border < _DECISION_ERROR * 10.0**DECIMALS
        if unsure.any():
            similarities[unsure] = structural_similarity(query, self._pictures[self._rows[at[unsure]]])
        return similarities


@dataclass(frozen=True, slots=True, eq=False)
class Workspace:
    """Buffers that are used again and again.

    The C library gives an array of a megabyte back to the system after every operation; the page faults of its next use
    took longer than the arithmetic (3,500 faults a query).
    """

    _buffers: dict[tuple[str, np.dtype[Any]], NDArray[Any]] = field(default_factory=dict)

    def array(self, name: str, shape: tuple[int, ...], kind: np.dtype[Any]) -> NDArray[Any]:
        """An array of any content, which is valid until the name is asked for again."""
        size = prod(shape)
        buffer = self._buffers.get((name, kind))
        if buffer is None or len(buffer) < size:
            buffer = self._buffers[name, kind] = np.empty(size, dtype=kind)
        return buffer[:size].reshape(shape)

    def inner(self, name: str, pictures: Floats) -> Floats:
        """An array for one number of each whole window of (..., S, S) pictures."""
        *leading, side, _ = pictures.shape
        n_windows = side - GAUSSIAN_SIDE + 1
        return self.array(name, (*leading, n_windows, n_windows), pictures.dtype)


def _moments(pictures: Floats, space: Workspace) -> Moments:
    return _moments_into(*_of_moments(pictures, space), pictures, space)


def _of_moments(pictures: Floats, space: Workspace) -> tuple[Floats, Floats]:
    """Buffers for means and variances."""
    return space.inner("mean", pictures), space.inner("variance", pictures)


def _moments_into(mean: Floats, variance: Floats, pictures: Floats, space: Workspace) -> Moments:
    _window_means(pictures, mean, space)
    squares = np.multiply(pictures, pictures, out=space.array("squares", pictures.shape, pictures.dtype))
    _window_means(squares, variance, space)
    scratch = np.multiply(mean, mean, out=space.inner("scratch", pictures))
    variance -= scratch
    return Moments(mean, variance, scratch.mean(axis=(-2, -1)))


def _similarities(query: Moments, references: Moments, product: Floats, space: Workspace) -> Floats:
    """(R,) SSIM of one picture and R others.

    Args:
        query: (N, N) each.
        references: (R, N, N) each; overwritten.
        product: (R, N, N) windows' means of the product of both, twice; overwritten.
        space: for one array more.
    """
    kind = product.dtype.type
    c1, c2 = (kind(c) for c in stabilisers(255.0))
    mean_of_query, mean, spread = query.mean + kind(_MIDDLE), references.mean, references.variance
    scratch = space.array("scratch", product.shape, product.dtype)
    product -= np.multiply(kind(2) * query.mean, mean, out=scratch)
    product += c2
    spread += query.variance + c2
    mean += kind(_MIDDLE)
    luminance = np.multiply(kind(2) * mean_of_query, mean, out=scratch)
    luminance += c1
    mean *= mean
    mean += mean_of_query * mean_of_query + c1
    product *= luminance
    spread *= mean
    product /= spread  # one division for both terms
    similarities: Floats = product.reshape(len(product), -1).mean(axis=1)
    return similarities


def _window_means(pictures: Floats, out: Floats, space: Workspace) -> Floats:
    """Gaussian means over whole windows of (..., S, S), written to (..., N, N), N = S - 10.

    Windows are cut into blocks, and all whole blocks are one product.
    """
    *leading, side, inner = *pictures.shape[:-1], out.shape[-1]
    along_rows = space.array("along_rows", (*leading, side, inner), pictures.dtype)
    n_blocks, rest = divmod(inner, _BLOCK)
    whole, kind = inner - rest, pictures.dtype
    into = along_rows[..., :whole].reshape(*leading, side, n_blocks, _BLOCK).swapaxes(-2, -3)
    np.matmul(_spans(pictures, n_blocks, -1), _band(_BLOCK, kind).T, out=into)
    if rest:
        np.matmul(pictures[..., whole:], _band(rest, kind).T, out=along_rows[..., whole:])
    into = out[..., :whole, :].reshape(*leading, n_blocks, _BLOCK, inner)
    np.matmul(_band(_BLOCK, kind), _spans(along_rows, n_blocks, -2), out=into)
    if rest:
        np.matmul(_band(rest, kind), along_rows[..., whole:, :], out=out[..., whole:, :])
    return out


def _spans(pictures: Floats, n_blocks: int, axis: int) -> Floats:
    """(..., B, H, W) views: the part of each picture that a block of windows along an axis reaches."""
    *leading, stride = (*pictures.strides[:-2], _BLOCK * pictures.strides[axis])
    shape = list(pictures.shape[-2:])
    shape[axis] = _BLOCK + GAUSSIAN_SIDE - 1
    return as_strided(
        pictures,
        (*pictures.shape[:-2], n_blocks, *shape),
        (*leading, stride, *pictures.strides[-2:]),
        writeable=False,
    )


@lru_cache(maxsize=8)
def _band(length: int, kind: np.dtype[np.floating[Any]]) -> Floats:
    """(L, L + 10) matrix whose product with a column is the column's means over its L whole windows."""
    band = np.zeros((length, length + GAUSSIAN_SIDE - 1), dtype=kind)
    for row in range(length):
        band[row, row : row + GAUSSIAN_SIDE] = GAUSSIAN
    return band
