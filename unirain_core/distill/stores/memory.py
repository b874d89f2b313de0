"""The plain NumPy store: exact in float64, the oracle of the other two."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from unirain_core.distill.stores.store import Content, Proposal, VectorName


class MemoryStore:
    """Compares every query with every vector."""

    def __init__(self) -> None:
        self._content: Content | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._content = None

    def holds(self, content: Content) -> bool:
        """As `Store.holds`."""
        return self._content is not None and self._content.name == content.name

    def fill(self, content: Content) -> None:
        """As `Store.fill`."""
        self._content = content

    def propose(
        self,
        queries: NDArray[np.floating[Any]],
        vector: VectorName,
        limit: int,
        among: Sequence[NDArray[np.int64]] | None = None,
    ) -> list[Proposal]:
        """As `Store.propose`."""
        if self._content is None:
            raise ValueError("the store was not filled")
        vectors = self._content.vectors[vector]
        everything = np.arange(len(vectors))
        allowed = among or [everything] * len(queries)
        return [
            _nearest(query, vectors[positions], positions, vector, limit)
            for query, positions in zip(queries, allowed, strict=True)
        ]


def _nearest(
    query: NDArray[np.floating[Any]],
    vectors: NDArray[np.float32],
    positions: NDArray[np.int64],
    vector: VectorName,
    limit: int,
) -> Proposal:
    wide, centre = vectors.astype(np.float64), query.astype(np.float64)
    if vector == "image":
        length = np.linalg.norm(wide, axis=1) * np.linalg.norm(centre)
        product = wide @ centre
        cost = -np.divide(product, length, out=np.zeros_like(product), where=length > 0)
    else:
        cost = np.linalg.norm(wide - centre, axis=1)
    if limit >= len(positions):
        return Proposal(positions, np.inf)
    nearest = np.argpartition(cost, limit - 1)[:limit]
    return Proposal(positions[nearest], float(cost[nearest].max()))
