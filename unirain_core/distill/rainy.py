"""The rainy pictures of the verified pairs that are judged, and of photos, in batches; nothing else of them is read."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.picture import Picture, other_half
from unirain_core.artefacts.schemas import Pair, RealPhoto
from unirain_core.distill.roles import IS_JUDGED

PAIRS, PHOTOS = f"{paths.VERIFIED}/pairs.parquet", f"{paths.VERIFIED}/real.parquet"

_OF_PAIRS = ("pair_id", "dataset", "rain_type", "root", "input", "halves", "input_hash")
_OF_PHOTOS = ("photo_id", "dataset", "root", "input", "input_hash")


@dataclass(frozen=True, slots=True)
class Rainy:
    """A rainy picture that is encoded, or that the judges are asked about."""

    id: str
    """Pair_id or photo_id."""
    dataset: str
    """Name of the dataset in params."""
    rain_type: str | None
    """One of rain_types; None: a photo has none."""
    picture: Picture
    """Where it is."""


def pairs(root: Path, without: Container[str] = ()) -> Iterator[list[Rainy]]:
    """The rainy pictures of the verified pairs in their order, but for some ids and for the pairs that are only scored."""
    for table in tables.batches(root / PAIRS, Pair, [*_OF_PAIRS, "role"]):
        asked = pl.DataFrame(table).filter(IS_JUDGED).select(_OF_PAIRS)
        batch = []
        for name, dataset, rain_type, folder, file, halves, content in _rows(asked.to_dict(as_series=False)):
            if name not in without:
                batch.append(
                    Rainy(name, dataset, rain_type, Picture(folder, file, other_half(halves), content))
                )
        yield batch


def only_scored(root: Path) -> pl.DataFrame:
    """The verified pairs that are not judged, as columns of `Dropped` and with `rain_type`."""
    columns = ("pair_id", "dataset", "rain_type", "role")
    parts = [pl.DataFrame(schema=dict.fromkeys(columns, pl.String))]
    for table in tables.batches(root / PAIRS, Pair, columns):
        parts.append(pl.DataFrame(table).filter(~IS_JUDGED))
    return pl.concat(parts).with_columns(reason=pl.lit("benchmark_only"), other=pl.lit(None, dtype=pl.String))


def photos(root: Path, without: Container[str] = ()) -> Iterator[list[Rainy]]:
    """The verified photos in their order, but for some ids."""
    for table in tables.batches(root / PHOTOS, RealPhoto, _OF_PHOTOS):
        batch = []
        for name, dataset, folder, file, content in _rows(table.to_pydict()):
            if name not in without:
                batch.append(Rainy(name, dataset, None, Picture(folder, file, None, content)))
        yield batch


def _rows(columns: dict[str, list[str]]) -> Iterator[tuple[str, ...]]:
    return zip(*columns.values(), strict=True)
