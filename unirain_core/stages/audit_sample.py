"""The pairs of an audit of the judges: a seeded draw, of pairs of known quality where there are any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Dropped
from unirain_core.distill import labelled, rainy
from unirain_core.distill.ballots import Ballot
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
    """Of these and other pairs."""
    truth: NDArray[np.bool_] | None
    """Whether each pair is good; None: that is not known of pairs of both kinds."""
    seed: int


def draw(root: Path, n_pairs: int, seed: int) -> Sample:
    """Pairs drawn by a seeded hash: of those of known quality where good and faulty ones are known, else of all.

    Raises:
        MissingInputError: there is no pair.
        MissingArtefactError: the judges have not voted yet.
    """
    without = {row.pair_id for row in tables.read(root / paths.VOTES / "dropped.parquet", Dropped)}
    rain_types: dict[str, str] = {}
    for batch in rainy.pairs(root, without):
        rain_types |= {row.id: row.rain_type or "" for row in batch}
    known = truths([*labelled.of_people(root), *planted(root)]).of_pair
    names = _drawn(rain_types.keys() & known.keys(), n_pairs, seed)
    is_known = len({known[name].is_good for name in names}) == 2
    if not is_known:
        names = _drawn(rain_types, n_pairs, seed)
    if not names:
        raise MissingInputError(
            "no pair was judged; name datasets with pairs under raw_datasets in params.yaml"
        )
    photos = {row.id: row.picture for batch in rainy.photos(root, without) for row in batch}
    is_drawn = np.array([name in names for name in rain_types], dtype=np.bool_)
    asked = [ballot for batch in questions(root, without, photos, is_drawn) for ballot in batch]
    truth = np.array([known[ballot.id].is_good for ballot in asked], dtype=np.bool_) if is_known else None
    return Sample(asked=asked, rain_types=rain_types, truth=truth, seed=seed)


def _drawn(names: Iterable[str], n_pairs: int, seed: int) -> set[str]:
    return set(sorted(names, key=lambda name: digest(seed, name))[:n_pairs])
