"""Figures of the rows that integrity kept and dropped."""

from collections import Counter

import numpy as np
import polars as pl

from unirain_core.artefacts.report import Json
from unirain_core.distill.roles import IS_JUDGED

IS_PAIR = pl.col("reason").is_null() & (pl.col("role") != "real")
"""Of the rows of `pool.settled`."""

_AT_ONCE = 1 << 17
"""Pairs that are counted at a time: a count by several columns takes far more than the columns."""


def reasons(rows: pl.DataFrame) -> dict[str, int]:
    """Rows that were dropped, by reason."""
    counts = rows["reason"].drop_nulls().value_counts()
    return dict(sorted(counts.iter_rows()))


def only_scored(rows: pl.DataFrame) -> int:
    """Sound pairs that are neither judged nor drawn."""
    return int(rows.select((IS_PAIR & ~IS_JUDGED).sum()).item())


def composition(pairs: pl.DataFrame) -> list[Json]:
    """Pairs of each dataset, rain type and origin."""
    keys = ("dataset", "rain_type", "origin")
    counts = Counter[tuple[str, ...]]()
    for piece in pairs.iter_slices(_AT_ONCE):
        counts.update({line[:-1]: line[-1] for line in piece.group_by(keys).len().iter_rows()})
    return [dict(zip(keys, key, strict=True)) | {"pairs": n} for key, n in sorted(counts.items())]


def alignment(pairs: pl.DataFrame) -> list[Json]:
    """How high the phase correlation of each dataset's pairs peaks."""
    lines: list[Json] = []
    measured_pairs = pairs.select("dataset", "peak").drop_nulls()
    for name in sorted(measured_pairs["dataset"].unique()):
        peaks = measured_pairs["peak"].filter(measured_pairs["dataset"] == name).to_numpy()
        middle = float(np.median(peaks))
        lines.append(
            {"dataset": name, "pairs": len(peaks), "peak_min": float(peaks.min()), "peak_median": middle}
        )
    return lines
