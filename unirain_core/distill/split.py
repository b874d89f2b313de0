"""The RainRAG split: held-out draws by scene, and the training pairs of all other scenes."""

import hashlib
from fractions import Fraction

import numpy as np
import polars as pl

from unirain_core.config.sections import Draw, RainragSplit

HELD_OUT = ("unfiltered", "test", "val")
"""In the order in which they are drawn."""

SETS = ("train", "val", "test", "unfiltered")
"""The sets of the split, which share no scene."""

PLACES = ("none", *SETS, "held_out", "thinned")
"""Every pair has one. `held_out`: accepted, of a scene that a held-out set or a dataset's own test part touches; `thinned`:
accepted, beyond the target of its rain type; `none`: rejected."""

_NO_SCENES = pl.Series("scene_id", [], dtype=pl.String)


def split_pairs(
    pairs: pl.DataFrame, params: RainragSplit, rain_types: list[str], benchmark_scenes: pl.Series = _NO_SCENES
) -> pl.Series:
    """Draw `unfiltered` before any verdict counts, then `test` and `val` of the accepted; the rest trains.

    A scene that one draw touches is closed for all others. A scene in which a dataset keeps test pictures
    of its own may stand in `unfiltered` or `test` alone: `val` steers the training, so it must not see them.
    The same seed and pairs give the same split, whatever their order.

    Args:
        pairs: all judged pairs, with columns `dataset`, `scene_id`, `rain_type`, `role`, `accepted`, and `place` of `places`.
        params: seed and sizes.
        rain_types: those of params.
        benchmark_scenes: names of scenes that hold pairs which are only scored, and are none of `pairs`.

    Returns:
        `split`: one of `PLACES` for each pair.
    """
    columns = ("dataset", "scene_id", "rain_type", "role", "accepted", "place")
    takes_turns = params.uniform_over_datasets
    tested = scenes_for_testing(pairs, benchmark_scenes).implode()
    rows = with_order(pairs.select(columns), params.seed).with_columns(
        pl.lit("none", dtype=pl.Enum(PLACES)).alias("split"),
        pl.col("scene_id").is_in(tested).alias("tests_a_dataset"),
        pl.lit(value=False).alias("is_closed"),
    )
    draws = {"unfiltered": params.unfiltered, "test": params.test, "val": params.val}
    for name in HELD_OUT:
        if name == "val":
            rows = rows.with_columns(pl.col("is_closed") | pl.col("tests_a_dataset"))
        is_open = ~pl.col("is_closed") if name == "unfiltered" else ~pl.col("is_closed") & pl.col("accepted")
        drawn = draw_scenes(rows.filter(is_open), draws[name], rain_types, takes_turns=takes_turns)
        rows = _placed(rows, drawn, name)
        rows = rows.with_columns(pl.col("is_closed") | (pl.col("split") == name).any().over("scene_id"))
    left = pl.col("accepted") & (pl.col("split") == "none")
    train = thin(rows.filter(left & ~pl.col("is_closed")), params.train_per_type, takes_turns=takes_turns)
    rows = _placed(rows, train, "train")
    rest = pl.when("is_closed").then(pl.lit("held_out")).otherwise(pl.lit("thinned"))
    return rows.select(
        pl.when(left).then(rest).otherwise("split").cast(pl.Enum(PLACES)).alias("split")
    ).to_series()


def with_order(pairs: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The pairs with `row` and with the seeded places of their scenes, in which these are drawn."""
    scenes = pairs.select("scene_id").unique()
    scenes = scenes.with_columns(places(scenes["scene_id"], seed).alias("scene_place"))
    return pairs.join(scenes, on="scene_id", how="left", maintain_order="left").with_row_index("row")


def places(names: pl.Series, seed: int) -> pl.Series:
    """The seeded place of each name, in which pairs and scenes are drawn: the first 64 bits of its hash."""
    start = hashlib.sha256(f"{seed}:".encode())
    numbers = np.empty(len(names), dtype=np.uint64)
    for row, name in enumerate(names):
        whole = start.copy()
        whole.update(name.encode())
        numbers[row] = int.from_bytes(whole.digest()[:8])
    return pl.Series(numbers)


def draw_scenes(
    pairs: pl.DataFrame, draw: Draw, rain_types: list[str], *, takes_turns: bool = False
) -> pl.Series:
    """Take scenes in the order of their places until every rain type has its pairs, or no scene is left.

    Args:
        pairs: of open scenes, with the columns of `with_order`.
        draw: pairs of a rain type at most, as a number and as a share of its `pairs`; pairs of a rain type and scene at most.
        rain_types: pairs of other types are never taken.
        takes_turns: whether the datasets take turns within a rain type.

    Returns:
        `row` of the pairs that are taken.
    """
    of_types = pairs.filter(pl.col("rain_type").is_in(rain_types))
    in_order = (
        of_types.join(_wanted(of_types, draw), on="rain_type")
        .select("row", "dataset", "rain_type", "scene_id", "scene_place", "place", "wanted")
        .sort("scene_place", "scene_id", "place", "row")
        .filter(pl.int_range(pl.len()).over("rain_type", "scene_id") < draw.per_scene)
    )
    return (
        (in_turns(in_order) if takes_turns else in_order)
        .filter(pl.int_range(pl.len()).over("rain_type") < pl.col("wanted"))
        .get_column("row")
    )


def _wanted(pairs: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """How many pairs of each `rain_type` a draw takes at most, as the column `wanted`."""
    counts = pairs.group_by("rain_type").len()
    share = Fraction(str(draw.max_share))  # as params writes it: in floats 0.29 of 100 pairs is less than 29
    wanted = [min(draw.per_type, int(share * n_pairs)) for n_pairs in counts["len"]]
    return counts.select("rain_type", pl.Series("wanted", wanted, dtype=pl.Int64))


def in_turns(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs in another order: of each rain type every dataset gives its first pair before any gives its second.

    The first of them, however many, then come from the datasets in equal numbers, as far as these have any left.

    Args:
        pairs: with columns `dataset` and `rain_type`, in the order in which they would be taken.
    """
    turn = pl.int_range(pl.len()).over("rain_type", "dataset")
    return pairs.with_columns(turn.alias("dataset_turn")).sort("dataset_turn", maintain_order=True)


def thin(pairs: pl.DataFrame, per_type: int, *, takes_turns: bool = False) -> pl.Series:
    """At most `per_type` pairs of each rain type, spread over as many scenes as possible; 0 keeps all.

    Real sets hold hundreds of near-equal frames of one scene: every scene gives its first pair before any
    gives its second.

    Args:
        pairs: with the columns of `with_order`.
        per_type: pairs of each rain type.
        takes_turns: whether the datasets take turns within a rain type.

    Returns:
        `row` of the pairs that are kept.
    """
    if per_type == 0:
        return pairs["row"]
    in_order = (
        pairs.select("row", "dataset", "rain_type", "scene_id", "place")
        .sort("place", "row")
        .with_columns(pl.int_range(pl.len()).over("rain_type", "scene_id").alias("turn"))
        .sort("turn", "place", "row")
    )
    return (
        (in_turns(in_order) if takes_turns else in_order)
        .filter(pl.int_range(pl.len()).over("rain_type") < per_type)
        .get_column("row")
    )


def scenes_for_testing(pairs: pl.DataFrame, benchmark_scenes: pl.Series) -> pl.Series:
    """Scenes in which a dataset keeps test pictures of its own, judged ones or those of a benchmark."""
    judged = pairs.filter(pl.col("role") == "test")["scene_id"].unique()
    return pl.concat([judged.cast(pl.String), benchmark_scenes])


def shared_scenes(pairs: pl.DataFrame) -> dict[str, list[str]]:
    """Scenes that stand in more than one set, with the names of those sets.

    Args:
        pairs: with columns `scene_id` and `split`.
    """
    homes = pairs.filter(pl.col("split").cast(pl.String).is_in(SETS)).select("scene_id", "split").unique()
    shared = homes.filter(pl.len().over("scene_id") > 1)
    names = shared.group_by("scene_id").agg(pl.col("split").cast(pl.String).sort())
    return dict(names.sort("scene_id").iter_rows())


def _placed(rows: pl.DataFrame, taken: pl.Series, name: str) -> pl.DataFrame:
    is_taken = np.zeros(len(rows), dtype=np.bool_)
    is_taken[taken.to_numpy()] = True
    place = pl.lit(name, dtype=pl.Enum(PLACES))
    return rows.with_columns(pl.when(pl.Series(is_taken)).then(place).otherwise("split").alias("split"))
