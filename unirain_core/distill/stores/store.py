"""What a vector store is, and what it holds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.triplets import Triplets
from unirain_core.errors import UniRainError

VectorName = Literal["text", "text_unit"]
"""Encoded captions as they are and at unit length; both are compared by Euclidean distance."""

VECTORS: tuple[VectorName, ...] = ("text", "text_unit")


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What a collection holds: the real-rain database D_r. A photo's position is its point's id."""

    name: str
    """Name of the collection; carries a hash of everything below."""
    encoder: str
    """What made the vectors."""
    ids: tuple[str, ...]
    """Photo ids, sorted, so that positions do not depend on the order of the triplets."""
    vectors: dict[VectorName, NDArray[np.float32]]
    """Each (R, D)."""

    @classmethod
    def of(cls, triplets: Triplets) -> Self:
        """Content of the triplets of D_r, in any order.

        Raises:
            ValueError: there are none, or different encoders made them.
        """
        if len(triplets.encoders) != 1:
            raise ValueError(
                f"triplets of exactly one encoder are expected, found {triplets.encoders or 'none'}"
            )
        order = by_id(triplets.ids)
        text = triplets.text[order]
        length = np.linalg.norm(text, axis=1, keepdims=True)
        text_unit = np.divide(text, length, out=np.zeros_like(text), where=length > 0)
        ids = tuple(triplets.ids[at] for at in order)
        hashes = [triplets.input_hashes[at] for at in order]
        seal = hashlib.sha256(repr((triplets.encoders, ids, hashes)).encode())
        seal.update(text.data)
        return cls(
            name=f"unirain-{seal.hexdigest()[:24]}",
            encoder=triplets.encoders[0],
            ids=ids,
            vectors={"text": text, "text_unit": text_unit},
        )


def by_id(ids: Sequence[str]) -> NDArray[np.int64]:
    """The rows in the order of their ids: the row of each position of a content."""
    return np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Photos near one query, as the engine sees it."""

    positions: NDArray[np.int64]
    """Positions in `Content.ids`."""
    bound: float
    """No photo outside is nearer than this distance but for float32 rounding; infinite when nothing is left outside."""


class CollectionError(UniRainError):
    """The engine of a collection failed; the photos themselves are untouched."""


class ServerError(CollectionError):
    """A server, which a person starts, did not do what was asked."""

    exit_code: ClassVar[int] = 3


class Store(Protocol):
    """A place that finds near vectors; it proposes, the cascade decides."""

    def holds(self, content: Content) -> bool:
        """Whether it holds this content and no other; a half filled or damaged collection does not.

        Raises:
            CollectionError: the engine does not answer.
        """
        ...

    def fill(self, content: Content) -> None:
        """Replace what the collection holds.

        Raises:
            CollectionError: the engine does not take it.
        """
        ...

    def propose(self, queries: NDArray[np.floating[Any]], vector: VectorName, limit: int) -> list[Proposal]:
        """The `limit` nearest photos of each query, exactly but for rounding and the order of ties.

        Args:
            queries: (Q, D).
            vector: which vectors are searched.
            limit: photos of each query, at most.

        Raises:
            CollectionError: the engine fails.
        """
        ...


def proposal(hits: Sequence[tuple[int, float]], limit: int) -> Proposal:
    """A proposal from Qdrant's hits (point id, distance), nearest first; fewer than `limit` are all there are."""
    bound = hits[-1][1] if len(hits) == limit else np.inf
    return Proposal(np.array([point for point, _ in hits], dtype=np.int64), bound)
