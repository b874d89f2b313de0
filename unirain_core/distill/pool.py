"""The pool as columns: what the checks across rows need of every row, some 130 bytes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.config.sections import VerifiedPairs
from unirain_core.distill import duplicates
from unirain_core.distill.duplicates import NONE, PRIORITY
from unirain_core.distill.inspection import Inspection
from unirain_core.distill.integrity import fault
from unirain_core.imaging.near import Hashes, Ints, as_hashes, near_sets

FAINT = 1.0
"""Grey levels: a pair that differs less from its clean picture, on average, may show no rain."""

_AT_ONCE = 1 << 17
"""Rows whose text stands in memory at a time."""

_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "dataset": pl.Categorical,
    "origin": pl.Categorical,
    "role": pl.Categorical,
    "rain_type": pl.Categorical,
    "group": pl.Categorical,
    "width": pl.Int32,
    "height": pl.Int32,
    "mode": pl.Categorical,
    "pixels": pl.UInt128,
    "luma": pl.Float64,
    "peak": pl.Float64,
    "is_faint": pl.Boolean,
    "reason": pl.Categorical,
    "detail": pl.Categorical,
}


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Rows in the order of their ids, as the manifest has them."""

    facts: pl.DataFrame
    """Columns of `_COLUMNS`."""
    clean: Hashes
    """Of the clean pictures of the pairs that are sound by themselves, in their order."""
    rain: Hashes
    """Of what the rain adds to the same pictures."""

    @classmethod
    def of(cls, pieces: Iterable[Self], n_rows: int) -> Self:
        """The whole pool.

        Args:
            pieces: of `measured`, in their order.
            n_rows: of all pieces together.
        """
        clean, rain = (np.empty((n_rows, 4), dtype=np.uint64) for _ in range(2))
        facts = [pl.DataFrame(schema=_COLUMNS)]
        start = 0
        for piece in pieces:
            stop = start + len(piece.clean)
            clean[start:stop], rain[start:stop] = piece.clean, piece.rain
            facts.append(piece.facts)
            start = stop
        # one chunk: a column of many chunks would be copied whole by every step that wants an array of it
        return cls(pl.concat(facts, rechunk=True), clean[:start], rain[:start])


def measured(rows: Sequence[ManifestRow], inspections: Sequence[Inspection], params: VerifiedPairs) -> Pool:
    """Some rows of the pool, in their order: what was measured, and the reason why a row fails by itself.

    Args:
        rows: of the manifest.
        inspections: of the same rows.
        params: thresholds.
    """
    both = list(zip(rows, inspections, strict=True))
    faults = [fault(inspection, params, row.dataset) for row, inspection in both]
    columns: dict[str, object] = {
        "dataset": [row.dataset for row in rows],
        "origin": [row.origin for row in rows],
        "role": [row.role for row in rows],
        "rain_type": [row.rain_types[0] if row.rain_types else None for row in rows],
        "group": [row.group for row in rows],
        "width": [inspection.width for inspection in inspections],
        "height": [inspection.height for inspection in inspections],
        "mode": [inspection.mode for inspection in inspections],
        "pixels": [int(inspection.rainy_pixels or "0", 16) for inspection in inspections],
        "luma": [inspection.clean_luma or 0.0 for inspection in inspections],
        "peak": [inspection.peak for inspection in inspections],
        "is_faint": [_is_faint(inspection) for inspection in inspections],
        "reason": [bad and bad.reason for bad in faults],
        "detail": [bad and bad.other for bad in faults],
    }
    sound: list[Inspection] = []
    for (row, inspection), bad in zip(both, faults, strict=True):
        if bad is None and row.role != "real":
            sound.append(inspection)
    return Pool(
        pl.DataFrame(columns, schema=_COLUMNS),
        as_hashes([inspection.clean_hash for inspection in sound]),
        as_hashes([inspection.rain_hash for inspection in sound]),
    )


def _is_faint(inspection: Inspection) -> bool:
    return inspection.difference is not None and inspection.difference < FAINT


def screened(pool: Pool, params: VerifiedPairs) -> pl.DataFrame:
    """What the checks across rows find out about each row.

    Args:
        pool: all rows, in the order of their ids: of two rows the earlier id counts first.
        params: thresholds.

    Returns:
        Columns of rows of the pool, NONE where there is none: `leak_of` the test pair whose clean picture a pair shows,
        `copy_of` the row that stays in its place, `scene` the row whose group, or else whose id, names a pair's scene.
        `hash_row` tells where a pair's hashes stand, `is_night` whether its scene is dark.
    """
    facts = pool.facts
    is_sound = facts["reason"].is_null().to_numpy()
    is_photo = (facts["role"] == "real").to_numpy()
    photos, pairs = (_places(is_sound & chosen) for chosen in (is_photo, ~is_photo))
    leak_of, copy_of, scene, hash_row = (np.full(len(facts), NONE, dtype=np.int32) for _ in range(4))
    hash_row[pairs] = np.arange(len(pairs), dtype=np.int32)
    pairs, sets = _single(pool, pairs, params.near_duplicate_bits, leak_of, copy_of)
    double = duplicates.doubled_photos(facts["pixels"][photos], facts["pixels"][pairs])
    copy_of[photos] = _rows(np.concatenate([pairs, photos]), double)
    first_of_scene = duplicates.scenes(sets, _ranks(facts["group"])[pairs])
    scene[pairs] = pairs[first_of_scene]
    is_night = np.zeros(len(facts), dtype=np.bool_)
    is_night[pairs] = duplicates.are_night(facts["luma"].to_numpy()[pairs], first_of_scene, params.night_luma)
    return pl.DataFrame(
        {"leak_of": leak_of, "copy_of": copy_of, "scene": scene, "hash_row": hash_row, "is_night": is_night}
    )


def settled(facts: pl.DataFrame, across: pl.DataFrame, rain_types: Sequence[str]) -> pl.DataFrame:
    """Each row with its final rain type and with the reason why it leaves: it stays where that is null.

    Args:
        facts: of the pool.
        across: of `screened`.
        rain_types: of params.

    Returns:
        The columns of both without those that only the checks need. `other` is the row that explains the reason.
    """
    whole = facts.drop("pixels", "luma", "group").hstack(across)
    return pl.concat([_settled(piece, rain_types) for piece in _pieces(whole)])


def _pieces(frame: pl.DataFrame) -> list[pl.DataFrame]:
    return [*frame.iter_slices(_AT_ONCE)] or [frame]


def _places(chosen: NDArray[np.bool_]) -> Ints:
    return np.flatnonzero(chosen).astype(np.int32)


def _ranks(names: pl.Series) -> Ints:
    """The rank of each name among the different ones; NONE where there is none."""
    codes = names.to_physical()
    distinct = pl.DataFrame({"name": names, "code": codes}).drop_nulls().unique("code")
    in_order = distinct.select(pl.col("code").sort_by(pl.col("name").cast(pl.String))).to_series().to_numpy()
    ranks = np.full(int(in_order.max(initial=0)) + 1, NONE, dtype=np.int32)
    ranks[in_order] = np.arange(len(in_order), dtype=np.int32)
    is_named = names.is_not_null().to_numpy()
    of_names: Ints = np.where(is_named, ranks[codes.fill_null(0).to_numpy()], NONE)
    return of_names


def _single(pool: Pool, pairs: Ints, bits: int, leak_of: Ints, copy_of: Ints) -> tuple[Ints, Ints]:
    """The pairs that neither leak nor stand in the pool already, and their near sets.

    What the others leave for is written into `leak_of` and `copy_of`.
    """
    clean = pool.clean
    priority = pl.col("role").cast(pl.String).replace_strict(PRIORITY, default=NONE, return_dtype=pl.Int8)
    roles = pl.concat([piece.select(priority) for piece in _pieces(pool.facts)]).to_series().to_numpy()
    roles = roles[pairs]
    sets = near_sets(clean, bits)
    leak = duplicates.leaks(clean, sets, roles <= PRIORITY["test"], bits)
    leak_of[pairs] = _rows(pairs, leak)
    rest = np.flatnonzero(leak == NONE).astype(np.int32)
    copy = duplicates.duplicates(clean, pool.rain, rest, sets=sets[rest], roles=roles[rest], bits=bits)
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
    by_day, by_night = {}, {}
    for kind in pool["rain_type"].unique().drop_nulls().cast(pl.String):
        alternatives = kind.removeprefix("luma:").split("|") if kind.startswith("luma:") else [kind]
        by_day[kind], by_night[kind] = alternatives[0], alternatives[-1]
    stated = pl.col("rain_type").cast(pl.String)
    # by keyword: tests/laws takes a replace of one plain argument for the rename of a file
    rain_type = pl.when("is_night").then(stated.replace(old=by_night)).otherwise(stated.replace(old=by_day))
    is_unlisted = (pl.col("scene") != NONE) & ~pl.col("rain_type").is_in(rain_types)
    # where several checks fail, the first reason counts, and a row that fails by itself has one already
    reason = pl.coalesce(
        "reason",
        pl.when(pl.col("leak_of") != NONE).then(pl.lit("leaks_into_benchmark")),
        pl.when(pl.col("copy_of") != NONE).then(pl.lit("duplicate")),
        pl.when(is_unlisted).then(pl.lit("type_not_listed")),
    )
    detail = pl.coalesce(pl.col("detail").cast(pl.String), pl.when(is_unlisted).then("rain_type"))
    return (
        pool.with_columns(rain_type.alias("rain_type"), pl.col("reason").cast(pl.String))
        .with_columns(
            reason.alias("reason"),
            detail.alias("detail"),
            pl.max_horizontal("leak_of", "copy_of").alias("other"),  # one of them is NONE, which is the least
        )
        .with_columns(pl.col("rain_type", "reason", "detail").cast(pl.Categorical))
        .drop("leak_of", "copy_of", "is_night")
    )
