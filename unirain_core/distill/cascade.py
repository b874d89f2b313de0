"""The hierarchical retrieval: captions narrow D_r to C1(q), image vectors to C2(q), SSIM to S(q).

A store proposes C1(q), float32 proposes C2(q) and S(q). Wherever a border could lie elsewhere, float64 decides it from the
stored vectors and pictures: its scores are rounded, and equal ones are ordered by photo id. So S(q) does not depend on the
store, on its batches or on float32.
"""

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.schemas import Reference
from unirain_core.artefacts.triplets import Triplets
from unirain_core.config.sections import RetrievedReferences
from unirain_core.distill.ranking import DECIMALS, Float64Array, Positions, border, ranked
from unirain_core.distill.similarity import semantic_distance, unit, visual_cosine
from unirain_core.distill.stores.store import Content, Proposal, Store, by_id
from unirain_core.distill.structure import Structures

BATCH = 256
"""Queries that are searched together."""

_ENGINE_ERROR = 1e-5
"""How far an engine's distance may lie from ours, relative to 1 + its size."""

_NOBODY = -1
"""Position of a query that is no photo of D_r."""


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """D_r in memory: what the decisions are computed from, in the order of the photo ids."""

    content: Content
    positions: dict[str, int]
    """Of every photo id."""
    text: NDArray[np.float32]
    """(R, D) caption vectors, not normalised."""
    image: NDArray[np.float32]
    """(R, E) image vectors."""
    inverse_lengths: NDArray[np.float32]
    """(R,) of the image vectors; 0 for a vector of zeros."""
    structures: Structures
    """The pictures."""
    unit_text: bool
    """Whether caption vectors are normalised before Eq. 1."""

    @classmethod
    def of(cls, triplets: Triplets, sizes: RetrievedReferences) -> Self:
        """The database of these triplets, in any order, at least one."""
        content = Content.of(triplets)
        order = by_id(triplets.ids)
        image = triplets.image[order]
        lengths = np.linalg.norm(image.astype(np.float64), axis=1)
        inverse = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return cls(
            content=content,
            positions={name: at for at, name in enumerate(content.ids)},
            text=content.vectors["text"],
            image=image,
            inverse_lengths=inverse.astype(np.float32),
            structures=Structures(triplets.pictures, order),
            unit_text=sizes.text_norm == "unit",
        )


def references(
    queries: Triplets, database: Database, store: Store, sizes: RetrievedReferences
) -> list[list[Reference]]:
    """S(q) of every query, best first: K3 photos, fewer where D_r has fewer.

    A photo of D_r can be a query as well; it is never among its own references.

    Args:
        queries: triplets of rainy pictures, made by the database's encoder, about `BATCH` of them.
        database: D_r.
        store: filled with `database.content`.
        sizes: K1, K2, K3.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        first = nearest_by_text(queries, database, store, sizes.keep_semantic, pool)
        second = nearest_by_sight(queries, database, first, sizes.keep_visual, pool)
        return nearest_by_structure(queries, database, second, sizes.keep_structural, pool)


def nearest_by_text(
    queries: Triplets, database: Database, store: Store, keep: int, pool: Executor
) -> list[Positions]:
    """C1(q) of every query, nearest first: the smallest caption distances, Eq. 1.

    A few more than `keep` are fetched. Where an unfetched photo could still tie with the last one kept, as many more are
    fetched again until none can.
    """
    own = [database.positions.get(name, _NOBODY) for name in queries.ids]
    text = unit(queries.text) if database.unit_text else queries.text
    nearest: dict[int, Positions] = {}
    waiting = list(range(len(queries.ids)))
    limit = keep + keep // 4 + 8  # fewer would often have to be fetched again
    if any(position != _NOBODY for position in own):
        limit += 1  # a photo finds itself
    while waiting:
        proposals = store.propose(text[waiting], "text_unit" if database.unit_text else "text", limit)
        answers = pool.map(
            lambda query, proposal: _by_text(queries.text[query], own[query], proposal, database, keep),
            waiting,
            proposals,
        )
        undecided = []
        for query, candidates in zip(waiting, answers, strict=True):
            if candidates is None:
                undecided.append(query)
            else:
                nearest[query] = candidates
        waiting, limit = undecided, 2 * limit
    return [nearest[query] for query in range(len(queries.ids))]


def _by_text(
    query: NDArray[np.float32], own: int, proposal: Proposal, database: Database, keep: int
) -> Positions | None:
    """C1(q); None where a photo outside the proposal could belong to it."""
    candidates = proposal.positions[proposal.positions != own]
    order, costs = ranked(candidates, _caption_distance(query, candidates, database))
    margin = _ENGINE_ERROR * (1.0 + abs(proposal.bound))
    if np.isfinite(proposal.bound) and costs[keep - 1] >= proposal.bound - margin:
        return None
    return order[:keep]


def _caption_distance(query: NDArray[np.float32], at: Positions, database: Database) -> Float64Array:
    vectors = database.text[at]
    if database.unit_text:
        return semantic_distance(unit(query), unit(vectors))
    return semantic_distance(query, vectors)


def nearest_by_sight(
    queries: Triplets, database: Database, among: Sequence[Positions], keep: int, pool: Executor
) -> list[Positions]:
    """C2(q) of every query, in no order: the largest cosines of the image vectors, Eq. 2."""

    def nearest(query: int) -> Positions:
        return _by_sight(queries.image[query], among[query], database, keep)

    return list(pool.map(nearest, range(len(queries.ids))))


def _by_sight(query: NDArray[np.float32], at: Positions, database: Database, keep: int) -> Positions:
    vectors = database.image[at]
    # not a product with BLAS, whose threads would fight with ours
    products = np.einsum("ij,j->i", vectors, unit(query).astype(np.float32))
    # with vectors of length 1, a sum of D products is off by (D + a few roundings) x 2^-24 at most
    error = (vectors.shape[1] + 8) * 2.0**-24
    certain, possible = border(-products * database.inverse_lengths[at], keep, error)
    missing = keep - int(certain.sum())
    if missing <= 0 or not possible.any():
        return at[certain]
    order, _ = ranked(at[possible], -visual_cosine(query, vectors[possible]))
    return np.concatenate([at[certain], order[:missing]])


def nearest_by_structure(
    queries: Triplets, database: Database, among: Sequence[Positions], keep: int, pool: Executor
) -> list[list[Reference]]:
    """S(q) of every query, best first: the highest SSIM, Eq. 3, with all three scores."""
    database.structures.prepare(among, pool)

    def nearest(query: int) -> list[Reference]:
        order, similarities = database.structures.nearest(queries.pictures[query], among[query], keep)
        distances = _caption_distance(queries.text[query], order, database)
        cosines = visual_cosine(queries.image[query], database.image[order])
        return [
            Reference(
                pair_id=queries.ids[query],
                rank=rank,
                reference_id=database.content.ids[position],
                s_txt=round(float(distances[rank]), DECIMALS),
                s_vis=round(float(cosines[rank]), DECIMALS),
                s_perc=float(similarities[rank]),
            )
            for rank, position in enumerate(order)
        ]

    return list(pool.map(nearest, range(len(queries.ids))))
