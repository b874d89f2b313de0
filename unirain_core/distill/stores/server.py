"""A Qdrant server."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from unirain_core.distill.stores.store import VECTORS, Content, Proposal, ServerError, VectorName, proposal
from unirain_core.errors import MissingInputError, without_password

_BATCH = 256
_TIMEOUT_S = 120
_ROUNDING = 1e-6
"""How far a stored number may lie from ours; the cascade allows for ten times as much."""


class ServerStore:
    """One collection of a Qdrant server, or of `QdrantClient(":memory:")`."""

    def __init__(self, client: QdrantClient, collection: str) -> None:
        self._client, self._collection = client, collection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def holds(self, content: Content) -> bool:
        """As `Store.holds`: every vector is read back and compared."""
        with _answers():
            if not self._client.collection_exists(self._collection):
                return False
            if self._client.count(self._collection, exact=True).count != len(content.ids):
                return False
            for start in range(0, len(content.ids), _BATCH):
                positions = list(range(start, min(start + _BATCH, len(content.ids))))
                points = self._client.retrieve(
                    self._collection, ids=positions, with_payload=True, with_vectors=True
                )
                if not _are_equal(points, content, positions):
                    return False
            return True

    def fill(self, content: Content) -> None:
        """As `Store.fill`; no index is built, since every search is exact."""
        sizes = {name: content.vectors[name].shape[1] for name in VECTORS}
        with _answers():
            self._client.delete_collection(self._collection)
            self._client.create_collection(
                self._collection,
                vectors_config={
                    name: models.VectorParams(size=sizes[name], distance=models.Distance.EUCLID)
                    for name in VECTORS
                },
                hnsw_config=models.HnswConfigDiff(m=0),
            )
            for start in range(0, len(content.ids), _BATCH):
                batch = range(start, min(start + _BATCH, len(content.ids)))
                self._client.upsert(self._collection, points=[_point(content, i) for i in batch], wait=True)

    def propose(self, queries: NDArray[np.floating[Any]], vector: VectorName, limit: int) -> list[Proposal]:
        """As `Store.propose`."""
        requests = [
            models.QueryRequest(
                query=query.astype(np.float32).tolist(),
                using=vector,
                limit=limit,
                params=models.SearchParams(exact=True),
            )
            for query in queries
        ]
        with _answers():
            answers = self._client.query_batch_points(self._collection, requests=requests)
        return [proposal([(int(hit.id), hit.score) for hit in answer.points], limit) for answer in answers]


def connect(collection: str, url: str) -> ServerStore:
    """The store at a server that answers.

    Raises:
        MissingInputError: no Qdrant server answers there.
    """
    client = QdrantClient(url=url, timeout=_TIMEOUT_S, check_compatibility=False)
    try:
        client.get_collections()
    except (ResponseHandlingException, UnexpectedResponse) as error:
        client.close()
        raise MissingInputError(
            f"vector_store.engine is 'server', but no Qdrant server answers at {without_password(url)} "
            f"({without_password(str(error))}): start one with "
            f"`docker compose up -d qdrant`, set UNIRAIN_QDRANT_URL, or set vector_store.engine to 'edge'"
        ) from None
    return ServerStore(client, collection)


@contextmanager
def _answers() -> Iterator[None]:
    """Turn an answer that is none into an error of ours.

    Raises:
        ServerError: the server does not answer, or refuses.
    """
    try:
        yield
    except (ResponseHandlingException, UnexpectedResponse) as error:
        raise ServerError(
            f"the Qdrant server did not do what was asked ({without_password(str(error))}): see its log, start it again "
            "with `docker compose up -d qdrant`, or set vector_store.engine to 'edge'"
        ) from None


def _are_equal(points: Sequence[models.Record], content: Content, positions: Sequence[int]) -> bool:
    """Whether the server's points are the content's."""
    by_id = {int(point.id): point for point in points}
    if sorted(by_id) != list(positions):
        return False
    for name in VECTORS:
        ours = content.vectors[name][list(positions)]
        stored: list[Any] = []
        for position in positions:
            vectors = by_id[position].vector
            stored.append(vectors.get(name) if isinstance(vectors, dict) else None)
        if any(vector is None for vector in stored) or np.shape(stored) != ours.shape:
            return False
        theirs = np.asarray(stored, dtype=np.float32)
        if not np.allclose(ours, theirs, rtol=0.0, atol=_ROUNDING):
            return False
    return True


def _point(content: Content, position: int) -> models.PointStruct:
    vectors: dict[str, Any] = {name: content.vectors[name][position].tolist() for name in VECTORS}
    return models.PointStruct(
        id=position, vector=vectors, payload={"id": content.ids[position], "encoder": content.encoder}
    )
