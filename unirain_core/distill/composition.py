"""What the pool was made of and what was kept of it: source x rain type x origin."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields

import polars as pl

from unirain_core.distill.roles import IS_JUDGED

PAPER_PAIRS = 52_869
PAPER_RETENTION = 2.6
"""Percent. Both are figures that the paper publishes; they are printed beside ours, and nothing aims at them."""

ONLY_SCORED = "benchmarks (only scored)"
"""Source of the row that counts pairs of role `benchmark`; the total is of the other pairs, which can be kept."""

UNDECIDED = "undecided"
"""Rain type of a dropped pair whose dataset does not say day or night."""

KEY = ("source", "rain_type", "origin")


@dataclass(frozen=True, slots=True)
class CompositionRow:
    """Numbers of labelled pairs of one source, rain type and origin."""

    source: str
    rain_type: str
    origin: str
    listed: int | None
    dropped: int | None
    """By integrity, or since no triplet could be made."""
    rejected: int | None
    """By the judges."""
    kept: int
    retention_percent: float | None
    """Kept of the listed."""


def composition(pieces: Iterable[tuple[pl.DataFrame, pl.DataFrame]]) -> list[CompositionRow]:
    """One row per source, rain type and origin; then the total; then one of benchmarks, if any; then the paper's published figures.

    Args:
        pieces: what was listed, with columns `pair_id`, `dataset`, `rain_types`, `origin` and `role`; photos of the real-rain
            database are left out. Beside each piece those of its pairs that were judged, with columns `pair_id`,
            `rain_type` and `accepted`.
    """
    parts, n_scored = [], 0
    for manifest, pairs in pieces:
        parts.append(_counts(manifest.filter(IS_JUDGED), pairs))
        n_scored += len(manifest.filter(~IS_JUDGED))
    counts = pl.concat(parts).group_by(KEY).agg(pl.col("listed", "dropped", "rejected").sum()).sort(KEY)
    rows = [_row(line[:3], *line[3:]) for line in counts.iter_rows()]
    total = _row(("total", "", ""), *counts.select("listed", "dropped", "rejected").sum().row(0))
    paper = CompositionRow("paper (published)", "", "", None, None, None, PAPER_PAIRS, PAPER_RETENTION)
    scored = [CompositionRow(ONLY_SCORED, "", "", n_scored, None, None, 0, None)] if n_scored else []
    return [*rows, total, *scored, paper]


def _counts(manifest: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The numbers of one piece."""
    listed = manifest.filter(pl.col("role") != "real").select(
        "pair_id",
        pl.col("dataset").alias("source"),
        pl.col("rain_types").list.first().alias("stated"),
        "origin",
    )
    is_open = pl.col("stated").str.starts_with("luma:")
    stated = pl.when(is_open).then(pl.lit(UNDECIDED)).otherwise("stated")
    return (
        listed.join(pairs.select("pair_id", "rain_type", "accepted"), on="pair_id", how="left")
        .with_columns(pl.coalesce("rain_type", stated).alias("rain_type"))
        .group_by(KEY)
        .agg(
            pl.len().cast(pl.Int64).alias("listed"),
            pl.col("accepted").is_null().sum().cast(pl.Int64).alias("dropped"),
            (~pl.col("accepted")).sum().cast(pl.Int64).alias("rejected"),
        )
    )


def as_csv(rows: list[CompositionRow]) -> str:
    """The rows as CSV with a header; what is not known is empty."""
    text = io.StringIO()
    names = [field.name for field in fields(CompositionRow)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        values = [getattr(row, name) for name in names]
        writer.writerow(["" if value is None else value for value in values])
    return text.getvalue()


def _row(key: tuple[str, str, str], listed: int, dropped: int, rejected: int) -> CompositionRow:
    kept = listed - dropped - rejected
    return CompositionRow(
        *key, listed, dropped, rejected, kept, round(100 * kept / listed, 1) if listed else None
    )
