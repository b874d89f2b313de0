"""The record that a training keeps while it runs: its history, its speed and memory, its pictures."""

import io
import os
import resource
import time

import torch

from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.config.sections import RainType
from unirain_core.imaging.codec import write_png
from unirain_core.reweight.reweighter import Scores
from unirain_core.tracking.journal import Journal
from unirain_core.training.history import Losses, history_rows, named_metrics, tell_history
from unirain_core.training.validation import Measured


class Record:
    """The history of one training, mirrored to its journal."""

    def __init__(self, rain_types: tuple[RainType, ...], journal: Journal | None, batch: int) -> None:
        """Begin with an empty history.

        Args:
            rain_types: the K types.
            journal: None in all processes but the main one.
            batch: crops of a step, over all processes.
        """
        self.rows: list[HistoryRow] = []
        self._rain_types, self._journal, self._batch = rain_types, journal, batch
        self._step, self._clock, self._cpu = 0, time.perf_counter(), time.process_time()

    def restore(self, step: int, rows: list[HistoryRow]) -> None:
        """Go on from so many steps done; the journal may have lost its account of them."""
        self.rows, self._step = rows, step
        self._clock, self._cpu = time.perf_counter(), time.process_time()
        if self._journal is not None:
            tell_history(self._journal, rows)

    def note(
        self,
        step: int,
        *,
        lr: float,
        scores: Scores,
        losses: Losses | None,
        measured: Measured | None,
        usage: dict[str, float],
    ) -> None:
        """Add the rows of a step, and its metrics and pictures to the journal.

        Args:
            step: steps done.
            lr: learning rate of the step.
            scores: what the weights in use are made of.
            losses: since the last update of the weights, if they have just been updated.
            measured: quality on `val`, where measured.
            usage: mean route of every expert, where measured and where the network has experts.
        """
        rows = history_rows(step, self._rain_types, lr=lr, scores=scores, losses=losses, measured=measured)
        self.rows += rows
        if self._journal is None:
            return
        elapsed = time.perf_counter() - self._clock
        cpu_percent = 100 * (time.process_time() - self._cpu) / elapsed / (os.cpu_count() or 1)
        machine = {
            "system/images_per_second": (step - self._step) * self._batch / elapsed,
            "system/cpu_utilization_percentage": cpu_percent,
        }
        self._step, self._clock, self._cpu = step, time.perf_counter(), time.process_time()
        self._journal.metrics(step, named_metrics(rows) | machine | _memory() | usage)
        for kind, strip in (measured.strips if measured else {}).items():
            png = io.BytesIO()
            write_png(png, strip)
            self._journal.picture(step, self._rain_types[kind], png.getvalue())


def _memory() -> dict[str, float]:
    """Peaks of this process so far. MLflow shows figures of the name `system/` on a page of their own."""
    memory = {
        "system/process_peak_memory_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    }
    if torch.cuda.is_available():
        memory["system/gpu_peak_memory_megabytes"] = torch.cuda.max_memory_allocated() / 2**20
    return memory
