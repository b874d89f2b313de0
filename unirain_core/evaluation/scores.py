"""Scores of pairs as rows, and the few restored pictures that a person will look at."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

import polars as pl

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Score, SplitRow
from unirain_core.artefacts.whole import whole_file
from unirain_core.config.sections import ProtocolName
from unirain_core.engine.jobs import Failed
from unirain_core.engine.pools import Device
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore, digest
from unirain_core.evaluation.methods import Method
from unirain_core.evaluation.metrics import Instrument, Restoration
from unirain_core.evaluation.summary import SHOWN_PER_TYPE, picture_name, shown
from unirain_core.imaging.codec import RgbImage, write_png
from unirain_core.imaging.pairs import read_both
from unirain_core.imaging.protocols import prepared

ALGORITHM = "5"
"""Version of the computation of a pair's scores."""

Splits = Mapping[str, Sequence[SplitRow]]
"""Name of a benchmark to its pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The results of one pair, whatever its method and benchmark are called."""

    PRODUCER: ClassVar[str] = "benchmark_scores, baseline_scores"

    metrics: tuple[str, ...]
    """Names of those that apply to the pair, in the order of the table of metrics."""
    values: tuple[float, ...]
    """Of each of them, in its unit."""
    picture: bytes | None
    """The restored picture as PNG, where it shall be shown."""


@dataclass(frozen=True, slots=True)
class Task:
    """A pair to be scored."""

    row: SplitRow
    benchmark: str
    """Name of the split it stands in."""
    is_shown: bool
    """Whether its restored picture is kept."""


def tasks(splits: Splits) -> list[Task]:
    """The pairs of all benchmarks; the shown ones are of the first."""
    first = next(iter(splits), "")
    ids = {row.pair_id for row in shown(splits.get(first, []), SHOWN_PER_TYPE)}
    pairs: list[Task] = []
    for name, rows in splits.items():
        pairs += [Task(row, name, is_shown=name == first and row.pair_id in ids) for row in rows]
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRows:
    """The per-row work of the stages that score: restore a pair, and measure."""

    method: Method
    protocol: ProtocolName
    instruments: Mapping[str, Instrument]
    """Name of a metric to what measures it."""
    roots: Roots
    algorithm: str = ALGORITHM
    output: type[Scored] = Scored
    device: Device = "gpu"
    batch: int | None = None

    def key(self, task: Task) -> str:
        """Everything that determines a pair's scores.

        One key stands for all metrics of a pair, because each of them needs the restored picture, whose restoration is
        most of the work. A metric that is added or gone scores every pair anew; the old scores stay in the store.
        """
        row = task.row
        how = digest(
            self.method.key, self.protocol, [(name, tool.key) for name, tool in self.instruments.items()]
        )
        return digest(how, row.input_hash, row.target_hash, row.halves, task.is_shown)

    def place(self, task: Task) -> tuple[str, str]:
        """Dataset and id of a pair."""
        return task.row.pair_id.partition("/")[0], task.row.pair_id

    def compute(self, batch: Sequence[Task]) -> list[Scored]:
        """One score for each pair."""
        return [self._scored(task) for task in batch]

    def _scored(self, task: Task) -> Scored:
        row = task.row
        pair = read_both(row.rainy, row.clean, self.roots)
        rainy, clean = (prepared(self.protocol, image) for image in pair)
        restoration = Restoration(rainy=rainy, restored=self.method.restore(rainy), clean=clean)
        measured = {name: tool.measure(restoration) for name, tool in self.instruments.items()}
        values = {name: value for name, value in measured.items() if value is not None}
        return Scored(
            metrics=tuple(values),
            values=tuple(values.values()),
            picture=_png(restoration.restored) if task.is_shown else None,
        )


@dataclass(frozen=True, slots=True)
class Scoring:
    """All that scoring one method gives."""

    scores: pl.DataFrame
    """Columns of `Score`, in the order of the benchmarks, their pairs and the metrics."""
    dropped: list[Dropped]
    """Pairs that could not be scored, likewise."""
    pictures: dict[str, bytes]
    """File name to PNG of the shown pairs' restored pictures."""

    def write_pictures(self, folder: Path) -> None:
        """Write the restored pictures into a folder of their own."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.pictures.items():
            with whole_file(folder / name) as file:
                file.write(content)


def score(
    name: str,
    method: Method,
    protocol: ProtocolName,
    splits: Splits,
    *,
    instruments: Mapping[str, Instrument],
    roots: Roots,
    store: WorkStore,
) -> Scoring:
    """Score a method on every pair of the benchmarks; nothing that is finished is computed again.

    Args:
        name: of the variant or method.
        method: what restores.
        protocol: how the pictures are compared.
        splits: name of a benchmark to its pairs. The pictures to show come from the first.
        instruments: name of a metric to what measures it.
        roots: where the datasets lie.
        store: of the stage.
    """
    pairs = tasks(splits)
    job = ScoreRows(method=method, protocol=protocol, instruments=instruments, roots=roots)
    results = finished_rows(job, pairs, store)
    scored: list[tuple[Task, Scored]] = []
    dropped: list[Dropped] = []
    pictures: dict[str, bytes] = {}
    for task, result in zip(pairs, results, strict=True):
        if isinstance(result, Failed):
            dropped.append(_dropped(task, result))
            continue
        scored.append((task, result))
        if result.picture is not None:
            pictures[picture_name(task.row.pair_id)] = result.picture
    return Scoring(score_rows(name, protocol, scored), dropped, pictures)


def score_rows(name: str, protocol: str, scored: Sequence[tuple[Task, Scored]]) -> pl.DataFrame:
    """A row for each metric of each pair: the columns of `Score`."""
    rows = [task.row for task, _ in scored]
    text, texts, numbers = pl.String(), pl.List(pl.String), pl.List(pl.Float64)
    of_pairs = pl.DataFrame(
        [
            pl.Series("benchmark", [task.benchmark for task, _ in scored], text),
            pl.Series("pair_id", [row.pair_id for row in rows], text),
            pl.Series("rain_type", [row.rain_type for row in rows], text),
            pl.Series("metric", [result.metrics for _, result in scored], texts),
            pl.Series("value", [result.values for _, result in scored], numbers),
            pl.Series("data_hash", [digest(row.input_hash, row.target_hash) for row in rows], text),
        ]
    )
    named = of_pairs.with_columns(method=pl.lit(name), protocol=pl.lit(protocol))
    measured = named.filter(pl.col("metric").list.len() > 0)  # an empty list would become a row of nulls
    return measured.explode("metric", "value").select(field.name for field in fields(Score))


def _dropped(task: Task, failure: Failed) -> Dropped:
    return Dropped(
        pair_id=task.row.pair_id,
        dataset=task.row.pair_id.partition("/")[0],
        reason=failure.reason,
        other=f"benchmark {task.benchmark}: {failure.detail}",
    )


def _png(image: RgbImage) -> bytes:
    buffer = io.BytesIO()
    write_png(buffer, image)
    return buffer.getvalue()
