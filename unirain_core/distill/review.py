"""The sample of verified pairs that people label; it does not depend on any vote."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Pair, RealPhoto, Reference
from unirain_core.distill.roles import IS_JUDGED
from unirain_core.distill.split import places

FAULTS = {
    "drawn": "rain looks drawn or repeated",
    "wrong_scale": "rain of a wrong size",
    "wrong_weather": "snow or haze, not rain",
    "wrong_type": "rain of another type",
    "no_rain": "hardly any rain",
    "clean_is_bad": "clean picture is not clean",
    "not_same_scene": "pictures do not fit together",
    "bad_picture": "noise, blur or compression",
    "other": "something else",
}
"""Words for the faults of a pair, and their meanings; at most nine, since the page gives each a key from 1 to 9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A pair to be labelled, with the real photos that it is compared with."""

    pair: Pair
    references: tuple[RealPhoto, ...]
    """S(q), the best first; empty where the pair has none."""


def draw(pairs: pl.DataFrame, limit: int, seed: int) -> list[str]:
    """Ids of at most `limit` pairs, by turns from every rain type, and within it from every dataset.

    A smaller sample of the same seed is the beginning of a larger one.

    Args:
        pairs: columns `pair_id`, `dataset`, `rain_type`; their order does not matter.
        limit: pairs at most.
        seed: of the draw.
    """
    ordered = pairs.with_columns(places(pairs["pair_id"], seed).alias("place")).sort("place", "pair_id")
    turn = pl.int_range(pl.len())
    by_dataset = ordered.with_columns(turn.over("rain_type", "dataset").alias("turn"))
    by_dataset = by_dataset.sort("turn", "place", "pair_id")
    by_type = by_dataset.with_columns(turn.over("rain_type").alias("turn")).sort("turn", "place", "pair_id")
    return by_type["pair_id"].head(limit).to_list()


def subjects(root: Path, limit: int, seed: int) -> dict[str, Subject]:
    """The sample of the verified pairs that are judged by pair_id, in the order in which they are to be labelled.

    Raises:
        MissingArtefactError: no pairs were verified, or their references were not retrieved.
    """
    verified = root / paths.VERIFIED
    listed = tables.columns(verified / "pairs.parquet", Pair, ["pair_id", "dataset", "rain_type", "role"])
    names = draw(listed.filter(IS_JUDGED), limit, seed)
    pairs = {row.pair_id: row for row in tables.read_some(verified / "pairs.parquet", Pair, "pair_id", names)}
    of_pair = _references(root, names)
    wanted = {name for ids in of_pair.values() for name in ids}
    rows = tables.read_some(verified / "real.parquet", RealPhoto, "photo_id", wanted)
    photos = {photo.photo_id: photo for photo in rows}
    sample = {}
    for name in names:
        references = [photos[i] for i in of_pair.get(name, ()) if i in photos]
        sample[name] = Subject(pair=pairs[name], references=tuple(references))
    return sample


def _references(root: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """Photo_ids of S(q) by pair, the best first."""
    file = root / paths.REFERENCES / "references.parquet"
    rows = tables.read_some(file, Reference, "pair_id", names)
    of_pair: dict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: (r.pair_id, r.rank)):
        of_pair[row.pair_id].append(row.reference_id)
    return of_pair
