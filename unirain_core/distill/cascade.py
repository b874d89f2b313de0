"""The hierarchical retrieval: captions narrow D_r to C1(q), image vectors to C2(q), SSIM to S(q).

The engine only proposes. Distances are computed again here in float64 from the stored vectors and rounded, and
equal ones are ordered by photo id, so that S(q) does not depend on the engine, its batches or its float32.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.schemas import Reference, TripletRow
from unirain_core.config.sections import RetrievedReferences
from unirain_core.distill.similarity import semantic_distance, structural_similarity, unit, visual_cosine
from unirain_core.distill.stores.store import Content, Store, VectorName

DECIMALS = 9
"""Scores that agree in so many decimals are equal."""

_FLOAT32_ERROR = 1e-5
"""How far an engine's score may lie from ours, relative to 1 + its size."""

_BATCH = 256
"""Queries that go to the engine together."""

Score = Callable[[int, NDArray[np.int64]], NDArray[np.float64]]
"""Of a query and positions: (n,) costs, smaller is nearer."""


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """D_r in memory: what the final decision is computed from, in the order of the photo ids."""

    content: Content
    text: NDArray[np.floating[Any]]
    """(R, D) caption vectors as Eq. 1 takes them."""
    image: NDArray[np.float32]
    """(R, E) image vectors."""
    pictures: NDArray[np.uint8]
    """(R, S, S) grey pictures."""
    unit_text: bool
    """Whether caption vectors are normalised before Eq. 1."""

    @classmethod
    def of(cls, triplets: Sequence[TripletRow], sizes: RetrievedReferences) -> Self:
        """The database of these triplets, in any order, at least one."""
        content = Content.of(triplets)
        rows = sorted(triplets, key=lambda row: row.id)
        unit_text = sizes.text_norm == "unit"
        text = content.vectors["text"]
        return cls(
            content=content,
            text=unit(text) if unit_text else text,
            image=content.vectors["image"],
            pictures=np.stack([picture(row) for row in rows]),
            unit_text=unit_text,
        )


def references(
    queries: Sequence[TripletRow], database: Database, store: Store, sizes: RetrievedReferences
) -> list[list[Reference]]:
    """S(q) of every query, best first: K3 photos, fewer where D_r has fewer.

    A photo of D_r can be a query as well; it is never among its own references.

    Args:
        queries: triplets of the labelled rainy pictures, made by the database's encoder.
        database: D_r.
        store: filled with `database.content`.
        sizes: K1, K2, K3.
    """
    batches = [queries[start : start + _BATCH] for start in range(0, len(queries), _BATCH)]
    return [found for batch in batches for found in _search(batch, database, store, sizes)]


def _search(
    queries: Sequence[TripletRow], database: Database, store: Store, sizes: RetrievedReferences
) -> list[list[Reference]]:
    raw = np.stack([query.text_vector for query in queries])
    text = unit(raw) if database.unit_text else raw
    image = np.stack([query.image_vector for query in queries])
    by_text = _nearest(
        store,
        text,
        "text_unit" if database.unit_text else "text",
        sizes.keep_semantic,
        lambda q, at: semantic_distance(text[q], database.text[at]),
        among=_others(queries, database),
    )
    by_sight = _nearest(
        store,
        image,
        "image",
        sizes.keep_visual,
        lambda q, at: -visual_cosine(image[q], database.image[at]),
        among=by_text,
    )
    return [
        _final(query, at, text[q], database, sizes.keep_structural)
        for q, (query, at) in enumerate(zip(queries, by_sight, strict=True))
    ]


def _others(queries: Sequence[TripletRow], database: Database) -> list[NDArray[np.int64]] | None:
    """For each query the positions of all photos but itself; None where no query is a photo of D_r."""
    position = {name: at for at, name in enumerate(database.content.ids)}
    if not any(query.id in position for query in queries):
        return None
    every = np.arange(len(position))
    return [np.delete(every, position[q.id]) if q.id in position else every for q in queries]


def picture(row: TripletRow) -> NDArray[np.uint8]:
    """(S, S) grey picture of a triplet.

    Raises:
        ValueError: the bytes are no square.
    """
    side = int(len(row.picture) ** 0.5)
    return np.frombuffer(row.picture, dtype=np.uint8).reshape(side, side)


def _nearest(
    store: Store,
    queries: NDArray[np.floating[Any]],
    vector: VectorName,
    keep: int,
    score: Score,
    among: Sequence[NDArray[np.int64]] | None = None,
) -> list[NDArray[np.int64]]:
    """The `keep` nearest positions of each query, nearest first.

    Twice as many are fetched; where a photo left outside could tie with the last one kept, twice as many again.
    """
    found: dict[int, NDArray[np.int64]] = {}
    open_queries, limit = list(range(len(queries))), 2 * keep
    while open_queries:
        allowed = None if among is None else [among[q] for q in open_queries]
        proposals = store.propose(queries[open_queries], vector, limit, allowed)
        undecided = []
        for q, proposal in zip(open_queries, proposals, strict=True):
            order, costs = _ranked(proposal.positions, score(q, proposal.positions))
            margin = _FLOAT32_ERROR * (1.0 + abs(proposal.bound))
            if np.isfinite(proposal.bound) and costs[keep - 1] >= proposal.bound - margin:
                undecided.append(q)
            else:
                found[q] = order[:keep]
        open_queries, limit = undecided, 2 * limit
    return [found[q] for q in range(len(queries))]


def _ranked(
    positions: NDArray[np.int64], costs: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The tie rule: by rounded cost, then by position, which is the rank of the photo id."""
    rounded = np.round(costs, DECIMALS)
    order = np.lexsort((positions, rounded))
    return positions[order], rounded[order]


def _final(
    query: TripletRow,
    at: NDArray[np.int64],
    text: NDArray[np.floating[Any]],
    database: Database,
    keep: int,
) -> list[Reference]:
    order, costs = _ranked(at, -structural_similarity(picture(query), database.pictures[at]))
    distances = semantic_distance(text, database.text[order])
    cosines = visual_cosine(query.image_vector, database.image[order])
    return [
        Reference(
            pair_id=query.id,
            rank=rank,
            reference_id=database.content.ids[order[rank]],
            s_txt=round(float(distances[rank]), DECIMALS),
            s_vis=round(float(cosines[rank]), DECIMALS),
            s_perc=0.0 - float(costs[rank]),
        )
        for rank in range(min(keep, len(order)))
    ]
