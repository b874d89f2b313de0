"""The pairs of a dataset as its authors published them: no vote removes one, and copies of other datasets' pairs stay."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair

_LISTED = (
    "pair_id", "dataset", "rain_types", "role", "root", "input", "target", "halves", "input_hash", "target_hash",
)  # fmt: skip
_COPIES = ("duplicate", "leaks_into_benchmark")
"""Reasons for which a sound pair is dropped because the same picture stands elsewhere in the pool."""


def published(root: Path, sources: Sequence[str], roles: Sequence[str]) -> pl.DataFrame:
    """The sound pairs of some datasets and roles, in the order of their ids.

    `verified_pairs` keeps one of two copies, and the dropped one may belong to the dataset that is asked for: RainRAG consists of
    pictures of other sets. Such a copy takes scene and rain type from the pair that was kept, since both show the same clean picture.

    Returns:
        The columns of `SplitRow`.
    """
    homes = _homes(root)
    parts = [_listed(piece, sources, roles) for piece in _manifest(root)]
    rows = pl.concat(parts).join(homes, on="pair_id", maintain_order="left")
    stated = pl.col("rain_types").list.first()
    # a layout that leaves day or night open states both types; the pair that was kept has the right one
    is_open = stated.str.starts_with("luma:")
    return rows.with_columns(
        pl.when(is_open | pl.col("is_kept")).then("rain_type").otherwise(stated).alias("rain_type")
    ).drop("rain_types", "is_kept")


def _manifest(root: Path) -> Iterator[pl.DataFrame]:
    return map(pl.DataFrame, tables.batches(root / paths.RAW / "manifest.parquet", ManifestRow, _LISTED))


def _listed(piece: pl.DataFrame, sources: Sequence[str], roles: Sequence[str]) -> pl.DataFrame:
    """The pairs of the sources and roles in a piece of the manifest; a picture of two halves is its own target."""
    wanted = piece.filter(pl.col("dataset").is_in(sources) & pl.col("role").is_in(roles))
    return wanted.with_columns(
        pl.coalesce("target", "input").alias("target"),
        pl.coalesce("target_hash", "input_hash").alias("target_hash"),
    ).drop("dataset", "role")


def _homes(root: Path) -> pl.DataFrame:
    """Scene and rain type of every verified pair, and of every copy of one."""
    folder = root / paths.VERIFIED
    kept = tables.columns(folder / "pairs.parquet", Pair, ["pair_id", "scene_id", "rain_type"])
    dropped = tables.columns(folder / "dropped.parquet", Dropped, ["pair_id", "reason", "other"])
    copies = dropped.filter(pl.col("reason").is_in(_COPIES)).select("pair_id", "other")
    homes = kept.with_columns(is_kept=pl.lit(value=True))
    while len(copies):  # what a copy stands for may itself be a copy
        settled = copies.join(homes, left_on="other", right_on="pair_id").drop("other")
        if settled.is_empty():
            break
        homes = pl.concat([homes, settled.with_columns(is_kept=pl.lit(value=False))])
        copies = copies.join(settled, on="pair_id", how="anti")
    return homes
