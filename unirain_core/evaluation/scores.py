"""Scores of pairs as rows, and the few restored pictures that a person will look at."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL import Image

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Score, SplitRow
from unirain_core.artefacts.whole import whole_file
from unirain_core.config.sections import ProtocolName
from unirain_core.engine.jobs import Failed
from unirain_core.engine.pools import Device
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore, digest
from unirain_core.evaluation.lpips import Lpips
from unirain_core.evaluation.methods import Method
from unirain_core.evaluation.protocols import measure, prepared
from unirain_core.evaluation.summary import SHOWN_PER_TYPE, picture_name, shown
from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.pairs import read_pair

ALGORITHM = "3"
"""Version of what is computed of a pair."""

Splits = Mapping[str, Sequence[SplitRow]]
"""Name of a benchmark to its pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What was computed of one pair, whatever its method and benchmark are called."""

    PRODUCER: ClassVar[str] = "benchmark_scores, baseline_scores"

    psnr: float
    """DB."""
    ssim: float
    """-1 to 1."""
    lpips: float | None
    """At least 0, smaller is nearer; null: not measured."""
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
    return [
        Task(row, name, is_shown=name == first and row.pair_id in ids)
        for name, rows in splits.items()
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRows:
    """The per-row work of the stages that score: restore a pair, and measure."""

    method: Method
    protocol: ProtocolName
    lpips: Lpips | None
    roots: Roots
    algorithm: str = ALGORITHM
    output: type[Scored] = Scored
    device: Device = "gpu"
    batch: int | None = None

    def key(self, task: Task) -> str:
        """Everything that determines a pair's scores."""
        row = task.row
        weights = self.lpips.weights_hash if self.lpips else None
        how = f"{self.method.key} {self.protocol} {weights}"
        return digest(how, row.input_hash, row.target_hash, row.halves, task.is_shown)

    def place(self, task: Task) -> tuple[str, str]:
        """Dataset and id of a pair."""
        return task.row.pair_id.partition("/")[0], task.row.pair_id

    def compute(self, batch: Sequence[Task]) -> list[Scored]:
        """One score for each pair."""
        return [self._scored(task) for task in batch]

    def _scored(self, task: Task) -> Scored:
        row = task.row
        folder = self.roots.folder(row.root)
        pair = read_pair(
            folder / row.input,
            folder / row.target,
            row.halves,
            rainy_hash=row.input_hash,
            clean_hash=row.target_hash,
        )
        rainy, clean = (prepared(self.protocol, image) for image in pair)
        restored = self.method.restore(rainy)
        quality = measure(self.protocol, restored, clean)
        return Scored(
            psnr=quality.psnr,
            ssim=quality.ssim,
            lpips=self.lpips.distance(restored, clean) if self.lpips else None,
            picture=_png(restored) if task.is_shown else None,
        )


@dataclass(frozen=True, slots=True)
class Scoring:
    """All that scoring one method gives."""

    scores: list[Score]
    """In the order of the benchmarks and their pairs."""
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
    lpips: Lpips | None,
    roots: Roots,
    store: WorkStore,
) -> Scoring:
    """Score a method on every pair of the benchmarks; nothing that is finished is computed again.

    Args:
        name: of the variant or method.
        method: what restores.
        protocol: how the pictures are compared.
        splits: name of a benchmark to its pairs; the pictures to show are those of the first.
        lpips: the learned distance; None: it stays null.
        roots: where the datasets lie.
        store: of the stage.
    """
    pairs = tasks(splits)
    job = ScoreRows(method=method, protocol=protocol, lpips=lpips, roots=roots)
    results = finished_rows(job, pairs, store)
    scoring = Scoring(scores=[], dropped=[], pictures={})
    for task, scored in zip(pairs, results, strict=True):
        if isinstance(scored, Failed):
            scoring.dropped.append(_dropped(task, scored))
            continue
        scoring.scores.append(_score(name, protocol, task, scored))
        if scored.picture is not None:
            scoring.pictures[picture_name(task.row.pair_id)] = scored.picture
    return scoring


def _score(name: str, protocol: ProtocolName, task: Task, scored: Scored) -> Score:
    return Score(
        method=name,
        benchmark=task.benchmark,
        pair_id=task.row.pair_id,
        rain_type=task.row.rain_type,
        psnr=scored.psnr,
        ssim=scored.ssim,
        lpips=scored.lpips,
        protocol=protocol,
        data_hash=digest(task.row.input_hash, task.row.target_hash),
    )


def _dropped(task: Task, failure: Failed) -> Dropped:
    return Dropped(
        pair_id=task.row.pair_id,
        dataset=task.row.pair_id.partition("/")[0],
        reason=failure.reason,
        other=f"benchmark {task.benchmark}: {failure.detail}",
    )


def _png(image: RgbImage) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
