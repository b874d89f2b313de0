"""The pairs of an audit of the judges: a seeded draw, of pairs of known quality where there are any."""

import heapq
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Dropped
from unirain_core.distill import labelled, rainy
from unirain_core.distill.ballots import Ballot
from unirain_core.distill.rainy import Rainy
from unirain_core.distill.trust.truth import truths
from unirain_core.engine.store import digest
from unirain_core.errors import MissingInputError
from unirain_core.stages.vote_questions import questions
from unirain_core.standins.rain.ledger import planted


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The pairs that the judges are asked about."""

    asked: Sequence[Ballot]
    rain_types: Mapping[str, str]
    """Of these pairs."""
    truth: NDArray[np.bool_] | None
    """(n,) whether each pair is good; None: good and faulty pairs are not both known."""
    seed: int


def draw(root: Path, n_pairs: int, seed: int) -> Sample:
    """Draw pairs by a seeded hash.

    They are drawn from the pairs of known quality. Where this draw does not hold both good and faulty pairs, they are drawn from
    all pairs instead.

    Raises:
        MissingInputError: there is no pair.
        MissingArtefactError: the judges have not voted yet.
    """
    without = {row.pair_id for row in tables.read(root / paths.VOTES / "dropped.parquet", Dropped)}
    truth_of = truths([*labelled.of_people(root), *planted(root)]).of_pair
    rain_types = _drawn((row for row in _pairs(root, without) if row.id in truth_of), n_pairs, seed)
    has_both_kinds = len({truth_of[name].is_good for name in rain_types}) == 2
    if not has_both_kinds:
        rain_types = _drawn(_pairs(root, without), n_pairs, seed)
    if not rain_types:
        raise MissingInputError(
            "no pair was judged, so there is none to ask about; "
            f"{paths.report('verified_pairs')} says what became of all pairs"
        )
    photos = {row.id: row.picture for batch in rainy.photos(root, without) for row in batch}
    is_drawn = np.array([row.id in rain_types for row in _pairs(root, without)], dtype=np.bool_)
    asked = [ballot for batch in questions(root, without, photos, is_drawn) for ballot in batch]
    truth = None
    if has_both_kinds:
        truth = np.array([truth_of[ballot.id].is_good for ballot in asked], dtype=np.bool_)
    return Sample(asked=asked, rain_types=rain_types, truth=truth, seed=seed)


def _pairs(root: Path, without: Container[str]) -> Iterator[Rainy]:
    return chain.from_iterable(rainy.pairs(root, without))


def _drawn(pairs: Iterable[Rainy], n_pairs: int, seed: int) -> dict[str, str]:
    """The pairs with the lowest hashes and their rain types; no other pair is held in memory."""
    drawn = heapq.nsmallest(n_pairs, pairs, key=lambda row: digest(seed, row.id))
    return {row.id: row.rain_type or "" for row in drawn}
