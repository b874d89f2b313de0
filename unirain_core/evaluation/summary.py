"""Many scores as a person looks at them: means of each rain type, and a few pairs' pictures."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import polars as pl

from unirain_core.artefacts import tables
from unirain_core.artefacts.report import Json
from unirain_core.artefacts.schemas import Score, SplitRow
from unirain_core.evaluation.metrics import METRICS

SHOWN_PER_TYPE = 4
"""Pairs of each rain type whose restored pictures are kept beside the scores."""

_PLACE = ["method", "benchmark", "rain_type"]

Place = tuple[str, str, str]
"""Method, benchmark, rain type."""


def read_scores(folders: Iterable[Path]) -> pl.DataFrame:
    """The scores in the folders of several methods, one after the other: the columns of `Score`."""
    schema = tables.arrow_schema(Score)
    frames = [tables.columns(folder / "scores.parquet", Score, schema.names) for folder in folders]
    return pl.concat([pl.DataFrame(schema.empty_table()), *frames])


@dataclass(frozen=True, slots=True)
class Mean:
    """Means over the pairs of one place in a table."""

    figures: Mapping[str, float | str]
    """Name of each metric to its mean, or to the reason why it has none."""
    pairs: int
    """Number of the pairs."""
    spreads: Mapping[str, float] = field(default_factory=dict)
    """Name of each metric to the standard deviation of its mean over seeds; empty for one seed."""
    n_seeds: int = 1
    """Trainings whose figures these are the means of."""


def means(scores: pl.DataFrame) -> dict[Place, Mean]:
    """The means of each method, benchmark and rain type, in the order in which they first occur.

    A metric that some pairs have no value of has no mean, for it would be the mean of other pictures.

    Args:
        scores: columns of `Score`: method, benchmark, rain_type, pair_id, metric, value.
    """
    groups = scores.group_by(_PLACE, maintain_order=True)
    n_pairs: dict[Place, int] = {}
    for method, benchmark, kind, n in groups.agg(pl.col("pair_id").n_unique()).iter_rows():
        n_pairs[method, benchmark, kind] = n
    figures: dict[Place, dict[str, float | str]] = defaultdict(dict)
    by_metric = scores.group_by([*_PLACE, "metric"], maintain_order=True).agg(pl.col("value"))
    for method, benchmark, kind, metric, values in by_metric.iter_rows():
        place = (method, benchmark, kind)
        # an exact sum, because the sum of polars depends on the number of threads and on the order of the rows
        whole = len(values) == n_pairs[place]
        figures[place][metric] = (
            fmean(values) if whole else f"only {len(values)} of {n_pairs[place]} pictures"
        )
    return {place: Mean(_complete(figures[place]), n) for place, n in n_pairs.items()}


def _complete(figures: Mapping[str, float | str]) -> dict[str, float | str]:
    return {metric.name: figures.get(metric.name, "not measured") for metric in METRICS}


def by_type(scores: pl.DataFrame) -> list[Json]:
    """Means of each benchmark and rain type, for a report; null for a metric that has none."""
    lines: list[Json] = []
    order = {benchmark: n for n, benchmark in enumerate(scores["benchmark"].unique(maintain_order=True))}
    of_all = sorted(means(scores).items(), key=lambda item: (order[item[0][1]], item[0][2]))
    for (_, benchmark, kind), mean in of_all:
        figures = {name: None if isinstance(f, str) else f for name, f in mean.figures.items()}
        lines.append({"benchmark": benchmark, "rain_type": kind, **figures, "pairs": mean.pairs})
    return lines


def shown(rows: Sequence[SplitRow], per_type: int) -> list[SplitRow]:
    """The same few pairs of each rain type, whoever asks: the first in the order of the hashes of their ids."""
    kinds: dict[str, list[SplitRow]] = {}
    for row in sorted(rows, key=lambda row: _hash(row.pair_id)):
        kinds.setdefault(row.rain_type, []).append(row)
    few: list[SplitRow] = []
    for kind in sorted(kinds):
        few += kinds[kind][:per_type]
    return few


def picture_name(pair_id: str) -> str:
    """File name of a pair's restored picture beside the scores."""
    return f"{_hash(pair_id)}.png"


def _hash(pair_id: str) -> str:
    return hashlib.sha256(pair_id.encode()).hexdigest()[:16]
