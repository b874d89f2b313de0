"""A Qdrant server."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from unirain_core.distill.stores.store import VECTORS, Content, Held, Proposal, VectorName, proposal
from unirain_core.errors import MissingInputError, without_password

_DISTANCE = {
    "text": models.Distance.EUCLID,
    "text_unit": models.Distance.EUCLID,
    "image": models.Distance.COSINE,
}
_BATCH = 256
_TIMEOUT_S = 120


class ServerStore:
    """One collection of a Qdrant server, or of `QdrantClient(":memory:")`."""

    def __init__(self, client: QdrantClient, collection: str) -> None:
        self._client, self._collection = client, collection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def held(self) -> Held | None:
        """As `Store.held`."""
        if not self._client.collection_exists(self._collection):
            return None
        count = self._client.count(self._collection, exact=True).count
        last = self._client.retrieve(self._collection, ids=[count - 1], with_payload=True) if count else []
        return Held(count, str((last[0].payload or {}).get("encoder")) if last else "")

    def fill(self, content: Content) -> None:
        """As `Store.fill`; no index is built, since every search is exact."""
        sizes = {name: content.vectors[name].shape[1] for name in VECTORS}
        self._client.delete_collection(self._collection)
        self._client.create_collection(
            self._collection,
            vectors_config={
                name: models.VectorParams(size=sizes[name], distance=_DISTANCE[name]) for name in VECTORS
            },
            hnsw_config=models.HnswConfigDiff(m=0),
        )
        for start in range(0, len(content.ids), _BATCH):
            batch = range(start, min(start + _BATCH, len(content.ids)))
            self._client.upsert(self._collection, points=[_point(content, i) for i in batch], wait=True)

    def propose(
        self,
        queries: NDArray[np.floating[Any]],
        vector: VectorName,
        limit: int,
        among: Sequence[NDArray[np.int64]] | None = None,
    ) -> list[Proposal]:
        """As `Store.propose`."""
        allowed = [None] * len(queries) if among is None else list(among)
        requests = [
            models.QueryRequest(
                query=query.astype(np.float32).tolist(),
                using=vector,
                limit=limit,
                filter=None if a is None else models.Filter(must=[models.HasIdCondition(has_id=a.tolist())]),
                params=models.SearchParams(exact=True),
            )
            for query, a in zip(queries, allowed, strict=True)
        ]
        answers = self._client.query_batch_points(self._collection, requests=requests)
        return [
            proposal([(int(hit.id), hit.score) for hit in answer.points], vector, limit) for answer in answers
        ]


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


def _point(content: Content, position: int) -> models.PointStruct:
    vectors: dict[str, Any] = {name: content.vectors[name][position].tolist() for name in VECTORS}
    return models.PointStruct(
        id=position, vector=vectors, payload={"id": content.ids[position], "encoder": content.encoder}
    )
