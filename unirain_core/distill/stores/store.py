"""What a vector store is, and what it holds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.schemas import TripletRow
from unirain_core.errors import UniRainError

VectorName = Literal["text", "text_unit", "image"]
"""Encoded captions as they are and at unit length (Euclidean distance), image vectors (cosine)."""

VECTORS: tuple[VectorName, ...] = ("text", "text_unit", "image")


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
    def of(cls, triplets: Sequence[TripletRow]) -> Self:
        """Content of the triplets of D_r, in any order.

        Raises:
            ValueError: there are none, or different encoders made them.
        """
        rows = sorted(triplets, key=lambda row: row.id)
        encoders = sorted({row.encoder for row in rows})
        if len(encoders) != 1:
            raise ValueError(f"triplets of exactly one encoder are expected, found {encoders or 'none'}")
        text, image = (
            np.stack([getattr(row, field) for row in rows]).astype(np.float32)
            for field in ("text_vector", "image_vector")
        )
        length = np.linalg.norm(text, axis=1, keepdims=True)
        text_unit = np.divide(text, length, out=np.zeros_like(text), where=length > 0)
        seal = hashlib.sha256(repr((encoders, [(row.id, row.input_hash) for row in rows])).encode())
        seal.update(text.tobytes() + image.tobytes())
        return cls(
            name=f"unirain-{seal.hexdigest()[:24]}",
            encoder=encoders[0],
            ids=tuple(row.id for row in rows),
            vectors={"text": text, "text_unit": text_unit, "image": image},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Photos near one query, as the engine sees it."""

    positions: NDArray[np.int64]
    """Positions in `Content.ids`."""
    bound: float
    """No photo outside is nearer than this but for float32 rounding: a Euclidean distance, or minus a
    cosine; infinite when nothing is left outside."""


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

    def propose(
        self,
        queries: NDArray[np.floating[Any]],
        vector: VectorName,
        limit: int,
        among: Sequence[NDArray[np.int64]] | None = None,
    ) -> list[Proposal]:
        """The `limit` nearest photos of each query, exactly but for rounding and the order of ties.

        Args:
            queries: (Q, D).
            vector: which vectors are searched.
            limit: photos of each query, at most.
            among: positions that may be proposed, for each query; None: all.

        Raises:
            CollectionError: the engine fails.
        """
        ...


def proposal(hits: Sequence[tuple[int, float]], vector: VectorName, limit: int) -> Proposal:
    """A proposal from Qdrant's hits (point id, score), best first; fewer than `limit` are all there are."""
    sign = -1.0 if vector == "image" else 1.0  # Qdrant's score of a Euclidean distance is the distance
    bound = sign * hits[-1][1] if len(hits) == limit else np.inf
    return Proposal(np.array([point for point, _ in hits], dtype=np.int64), bound)
