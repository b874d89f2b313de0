"""The plain NumPy store: one matrix product for each batch of queries."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from unirain_core.distill.stores.store import Content, Proposal, VectorName

_PRODUCTS = 2**24
"""Numbers of one matrix of products: 64 MiB, whatever the number of photos."""


class MemoryStore:
    """Compares every query with every vector, in float32."""

    def __init__(self) -> None:
        self._content: Content | None = None
        self._squares: dict[VectorName, NDArray[np.float64]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._content, self._squares = None, {}

    def holds(self, content: Content) -> bool:
        """As `Store.holds`."""
        return self._content is not None and self._content.name == content.name

    def fill(self, content: Content) -> None:
        """As `Store.fill`."""
        self._content = content
        self._squares = {name: _squares(vectors) for name, vectors in content.vectors.items()}

    def propose(self, queries: NDArray[np.floating[Any]], vector: VectorName, limit: int) -> list[Proposal]:
        """As `Store.propose`."""
        if self._content is None:
            raise ValueError("the store was not filled")
        vectors = self._content.vectors[vector]
        if limit >= len(vectors):
            return [Proposal(np.arange(len(vectors)), np.inf) for _ in queries]
        together = max(1, _PRODUCTS // len(vectors))
        proposals: list[Proposal] = []
        for start in range(0, len(queries), together):
            part = queries[start : start + together].astype(np.float32)
            proposals += _nearest(part, vectors, self._squares[vector], limit)
        return proposals


def _nearest(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], squares: NDArray[np.float64], limit: int
) -> list[Proposal]:
    """Order by |r|^2 - 2 q.r, which is the squared distance less |q|^2, and bound it from below."""
    costs = queries @ vectors.T
    costs *= np.float32(-2.0)
    costs += squares.astype(np.float32)
    of_queries = _squares(queries)
    longest = squares.max()
    # a sum of D products is off by D x 2^-24 of their absolute sum at most, in whatever order it is made
    unit_error = 2 * (vectors.shape[1] + 4) * 2.0**-24
    errors = unit_error * (np.sqrt(of_queries * longest) + longest)
    proposals = []
    for row, square, error in zip(costs, of_queries, errors, strict=True):
        nearest = np.argpartition(row, limit - 1)[:limit]
        bound = float(row[nearest].max()) + square - error
        proposals.append(Proposal(nearest, float(np.sqrt(max(bound, 0.0)))))
    return proposals


def _squares(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Squared lengths."""
    squares: NDArray[np.float64] = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    return squares
