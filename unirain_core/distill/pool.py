"""The pool as columns: what the checks across rows need of every row, some 130 bytes of it."""

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.config.sections import VerifiedPairs
from unirain_core.distill import duplicates
from unirain_core.distill.duplicates import NONE, PRIORITY
from unirain_core.distill.inspection import Inspection
from unirain_core.distill.integrity import fault
from unirain_core.imaging.hashes import SIDE
from unirain_core.imaging.near import Hashes, Ints, as_hashes, near_sets

_NO_HASH = bytes(SIDE * SIDE // 8)
"""Of a photo, or of a row that could not be measured: neither is compared."""

FAINT = 1.0
"""Grey levels: a pair that differs less from its clean picture, on average, may show no rain."""

_HASH = pl.Array(pl.UInt64, 4)

_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "dataset": pl.Categorical,
    "origin": pl.Categorical,
    "role": pl.Categorical,
    "rain_type": pl.Categorical,
    "width": pl.Int32,
    "height": pl.Int32,
    "mode": pl.Categorical,
    "pixels": pl.UInt128,
    "clean_hash": _HASH,
    "rain_hash": _HASH,
    "luma": pl.Float64,
    "peak": pl.Float64,
    "is_faint": pl.Boolean,
    "reason": pl.Categorical,
    "detail": pl.String,
}


def measured(
    rows: Sequence[ManifestRow], inspections: Sequence[Inspection], params: VerifiedPairs
) -> pl.DataFrame:
    """Some rows of the pool, in their order: what was measured, and the reason why a row fails by itself.

    Args:
        rows: of the manifest.
        inspections: of the same rows.
        params: thresholds.
    """
    faults = [fault(seen, params, row.dataset) for row, seen in zip(rows, inspections, strict=True)]
    columns: dict[str, object] = {
        "dataset": [row.dataset for row in rows],
        "origin": [row.origin for row in rows],
        "role": [row.role for row in rows],
        "rain_type": [row.rain_types[0] if row.rain_types else None for row in rows],
        "width": [seen.width for seen in inspections],
        "height": [seen.height for seen in inspections],
        "mode": [seen.mode for seen in inspections],
        "pixels": [int(seen.rainy_pixels or "0", 16) for seen in inspections],
        "clean_hash": as_hashes([seen.clean_hash or _NO_HASH for seen in inspections]),
        "rain_hash": as_hashes([seen.rain_hash or _NO_HASH for seen in inspections]),
        "luma": [seen.clean_luma or 0.0 for seen in inspections],
        "peak": [seen.peak for seen in inspections],
        "is_faint": [seen.difference is not None and seen.difference < FAINT for seen in inspections],
        "reason": [fault and fault.reason for fault in faults],
        "detail": [fault and fault.other for fault in faults],
    }
    return pl.DataFrame(columns, schema=_COLUMNS)


def pool_of(pieces: Iterable[pl.DataFrame], names: pl.DataFrame) -> pl.DataFrame:
    """The whole pool.

    Args:
        pieces: of `measured`.
        names: `pair_id` and `group` of all rows; only their order is kept.
    """
    order = names.select(
        pl.col("pair_id").rank("ordinal").cast(pl.Int32).alias("id_rank"),
        (pl.col("group").rank("dense").cast(pl.Int32) - 1).fill_null(NONE).alias("group_rank"),
    )
    del names  # before the pieces come: ids are longer than all that is kept of a row
    return pl.concat([pl.DataFrame(schema=_COLUMNS), *pieces]).hstack(order)


def screened(pool: pl.DataFrame, params: VerifiedPairs, rain_types: Sequence[str]) -> pl.DataFrame:
    """The pool after the checks across rows: a row stays where its `reason` is null.

    Args:
        pool: of `pool_of`.
        params: thresholds.
        rain_types: of params.

    Returns:
        The columns of the pool without those that only the checks need. `other` is the row that explains the reason, `scene`
        the row whose group, or else whose id, names a pair's scene; NONE stands where there is none.
    """
    by_id = pool["id_rank"].arg_sort().to_numpy().astype(np.int32)  # of two rows the earlier id counts first
    is_sound = pool["reason"].is_null().to_numpy()
    is_photo = (pool["role"] == "real").to_numpy()
    photos, pairs = by_id[(is_sound & is_photo)[by_id]], by_id[(is_sound & ~is_photo)[by_id]]
    leak_of, copy_of, scene = (np.full(len(pool), NONE, dtype=np.int32) for _ in range(3))
    pairs, sets = _single(pool, pairs, params.near_duplicate_bits, leak_of, copy_of)
    double = duplicates.doubled_photos(pool["pixels"][photos], pool["pixels"][pairs])
    copy_of[photos] = _rows(np.concatenate([pairs, photos]), double)
    first_of_scene = duplicates.scenes(sets, pool["group_rank"].to_numpy()[pairs])
    scene[pairs] = pairs[first_of_scene]
    is_night = np.zeros(len(pool), dtype=np.bool_)
    is_night[pairs] = duplicates.are_night(pool["luma"].to_numpy()[pairs], first_of_scene, params.night_luma)
    across = pl.DataFrame({"leak_of": leak_of, "copy_of": copy_of, "scene": scene, "is_night": is_night})
    return _settled(
        pool.drop("pixels", "rain_hash", "luma", "id_rank", "group_rank").hstack(across), rain_types
    )


def _single(pool: pl.DataFrame, pairs: Ints, bits: int, leak_of: Ints, copy_of: Ints) -> tuple[Ints, Ints]:
    """The pairs that neither leak nor stand in the pool already, and their near sets; the others are noted."""
    clean: Hashes = pool["clean_hash"].to_numpy()[pairs]
    roles = (
        pool["role"]
        .cast(pl.String)
        .replace_strict(PRIORITY, default=NONE, return_dtype=pl.Int8)
        .to_numpy()[pairs]
    )
    sets = near_sets(clean, bits)
    leak = duplicates.leaks(clean, sets, roles == PRIORITY["test"], bits)
    leak_of[pairs] = _rows(pairs, leak)
    rest = np.flatnonzero(leak == NONE)
    rain: Hashes = pool["rain_hash"].to_numpy()[pairs[rest]]
    copy = duplicates.duplicates(clean[rest], rain, sets[rest], roles[rest], bits)
    copy_of[pairs[rest]] = _rows(pairs[rest], copy)
    stay = np.zeros(len(pairs), dtype=np.bool_)
    stay[rest[copy == NONE]] = True
    return pairs[stay], duplicates.sets_of_the_rest(clean, sets, stay, bits)


def _rows(pairs: Ints, places: Ints) -> Ints:
    """The rows of the pool at some places of a selection; NONE stays NONE."""
    rows = np.full(len(places), NONE, dtype=np.int32)
    rows[places != NONE] = pairs[places[places != NONE]]
    return rows


def _settled(pool: pl.DataFrame, rain_types: Sequence[str]) -> pl.DataFrame:
    """Each row with its final rain type and reason."""
    day, night = {}, {}
    for stated in pool["rain_type"].unique().drop_nulls().cast(pl.String):
        kinds = stated.removeprefix("luma:").split("|") if stated.startswith("luma:") else [stated]
        day[stated], night[stated] = kinds[0], kinds[-1]
    stated = pl.col("rain_type").cast(pl.String)
    rain_type = pl.when("is_night").then(stated.replace(old=night)).otherwise(stated.replace(old=day))
    is_unlisted = (pl.col("scene") != NONE) & ~pl.col("rain_type").is_in(rain_types)
    return (
        pool.with_columns(rain_type.alias("rain_type"), pl.col("reason").cast(pl.String))
        .with_columns(
            pl.coalesce(
                "reason",
                pl.when(pl.col("leak_of") != NONE).then(pl.lit("leaks_into_benchmark")),
                pl.when(pl.col("copy_of") != NONE).then(pl.lit("duplicate")),
                pl.when(is_unlisted).then(pl.lit("type_not_listed")),
            ).alias("reason"),
            pl.coalesce("detail", pl.when(is_unlisted).then("rain_type")).alias("detail"),
            pl.max_horizontal("leak_of", "copy_of").alias("other"),
        )
        .drop("leak_of", "copy_of", "is_night")
    )
