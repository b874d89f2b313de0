"""Further sets to train on, out of the same records: pairs of scenes that no held-out set touches (Table 4, Figures 1b, 6a)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Pair, PyramidRow, Reference
from unirain_core.distill.pyramid import DISTILLED
from unirain_core.distill.roles import FOR_TESTING
from unirain_core.distill.split import HELD_OUT, places, thin

Sizes = Mapping[str, int]
"""Rain type to the number of its pairs."""

_OF_PAIRS = ("pair_id", "dataset", "rain_type", "scene_id", "role")


def verified(root: Path, seed: int) -> pl.DataFrame:
    """The columns of all verified pairs by which training pairs are chosen, in the order of their ids.

    Returns:
        Columns `pair_id`, `dataset`, `rain_type`, `scene_id`, `role`; `accepted`; `split` (null: no judge was asked); `place`, by
        which pairs are drawn; `is_closed`, whether the pair's scene is held out.
    """
    pairs = tables.columns(root / paths.VERIFIED / "pairs.parquet", Pair, _OF_PAIRS)
    pyramid = tables.columns(root / paths.PYRAMID, PyramidRow, ["pair_id", "level", "split"])
    rows = pairs.join(pyramid, on="pair_id", how="left", maintain_order="left")
    accepted = (pl.col("level") == DISTILLED).fill_null(value=False).alias("accepted")
    return with_closed(
        rows.with_columns(accepted, places(rows["pair_id"], seed).alias("place")).drop("level")
    )


def with_closed(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs with `is_closed`: a held-out pair, or a test picture of a dataset, stands in the same scene.

    Near-duplicates share a scene, so copies of a held-out picture are closed with it.
    """
    is_held_out = pl.col("split").is_in(HELD_OUT).fill_null(value=False) | pl.col("role").is_in(FOR_TESTING)
    return pairs.with_columns(is_held_out.any().over("scene_id").alias("is_closed"))


def distilled_sizes(pairs: pl.DataFrame, rain_types: Sequence[str]) -> dict[str, int]:
    """How many pairs of each rain type the distilled set trains on."""
    counts = dict(pairs.filter(pl.col("split") == "train")["rain_type"].value_counts().iter_rows())
    return {rain_type: counts.get(rain_type, 0) for rain_type in rain_types}


def candidates(pairs: pl.DataFrame, rain_types: Sequence[str], sources: Sequence[str]) -> pl.DataFrame:
    """The pairs that may be trained on: their scene is not held out, and their rain type and dataset are wanted.

    Args:
        pairs: of `verified`.
        rain_types: those of params.
        sources: names of datasets; none: all datasets.
    """
    is_of_source = pl.col("dataset").is_in(sources) if sources else pl.lit(value=True)
    return pairs.filter(~pl.col("is_closed") & pl.col("rain_type").is_in(rain_types) & is_of_source)


def thinned(pairs: pl.DataFrame, sizes: Sizes) -> pl.DataFrame:
    """At most so many pairs of each rain type, spread over as many scenes as possible, by their places."""
    rows = pairs.with_row_index("row")
    taken = [pl.Series("row", [], dtype=pl.UInt32)]
    for rain_type, size in sizes.items():
        if size:  # `thin` takes a size of 0 for all pairs
            taken.append(thin(rows.filter(pl.col("rain_type") == rain_type), size))
    return rows.filter(pl.col("row").is_in(pl.concat(taken).implode())).drop("row")


def nearest(pairs: pl.DataFrame, sizes: Sizes, score: pl.DataFrame) -> pl.DataFrame:
    """The pairs of each rain type with the highest scores.

    Args:
        pairs: with `place`, which decides between equal scores.
        sizes: how many of each rain type.
        score: `pair_id` and `score`; a pair without one is not taken.
    """
    ranked = pairs.join(score, on="pair_id").sort("score", "place", descending=[True, False])
    wanted = pl.col("rain_type").replace_strict(dict(sizes), default=0, return_dtype=pl.Int64)
    first = ranked.filter(pl.int_range(pl.len()).over("rain_type") < wanted)
    return pairs.join(first.select("pair_id"), on="pair_id", how="semi", maintain_order="left")


def mean_scores(root: Path, name: str) -> pl.DataFrame:
    """The mean of a score over S(q), of each pair: `pair_id` and `score`."""
    references = tables.columns(root / paths.REFERENCES / "references.parquet", Reference, ["pair_id", name])
    return references.group_by("pair_id").agg(pl.col(name).mean().alias("score"))
