"""One training from its first step, or its last snapshot, to a checkpoint on disk."""

import json
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.errors import UniRainError
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build
from unirain_core.tracking.events import Start
from unirain_core.tracking.journal import Journal
from unirain_core.tracking.mirror import Mirror
from unirain_core.tracking.provenance import environment
from unirain_core.training.dry import dry_change
from unirain_core.training.loop import Trainer
from unirain_core.training.processes import is_first, on_every_gpu
from unirain_core.training.task import Task, Trained

logger = logging.getLogger(__name__)

HISTORY = "history.parquet"
LAST = "last"
"""Folder of the weights after the last step; the best ones stand above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A training and where its files go; a value, so that other processes can be handed it."""

    task: Task
    snapshots: Path
    """Folder of the resume state."""
    journal: Path
    """Folder of the journal."""
    start: Start
    root: Path
    """The project's root."""

    @property
    def config(self) -> str:
        """The training's params as a file for MLflow."""
        return json.dumps(dict(self.start.params), indent=2, sort_keys=True) + "\n"

    def __call__(self, folder: Path) -> None:
        """Train, and write the checkpoint into an empty folder.

        Raises:
            GateError: a loss is no longer finite.
        """
        journal = Journal.begin(self.journal, self.start) if is_first() else None
        net = build(self.task.network, self.task.seed)
        if journal is None:
            Trainer(self.task, net, self.snapshots, None).run()
            return
        journal.file("config.json", self.config)
        journal.file("environment.txt", environment())
        mirror = Mirror(self.journal, self.root)
        journal.listen(mirror.follow)
        mirror.flush()  # so that its run can be looked at from the start
        if (page := mirror.page()) is not None:
            logger.info("training: MLflow run %s", page)
        try:
            trained = Trainer(self.task, net, self.snapshots, journal).run()
        except UniRainError as error:
            journal.failed(str(error))
            mirror.flush()
            raise
        write(folder, trained, self.task)


def write(folder: Path, trained: Trained, task: Task) -> None:
    """Best and last weights, and the history; a function of the training alone, byte by byte."""
    net = build(task.network, task.seed).eval()
    net.load_state_dict(trained.best.weights)
    dry = dry_change(net, task.val, task.roots, task.training.val_pictures_per_type)
    extra = {
        "step": trained.best.step,
        "val_psnr": trained.best.psnr,
        "dry_psnr": dry.psnr,
        "dry_brightness": dry.brightness,
    }
    checkpoint.save(folder, net, task.network, extra)
    net.load_state_dict(trained.last)
    checkpoint.save(folder / LAST, net, task.network, {"step": task.training.steps})
    tables.write(folder / HISTORY, trained.history, HistoryRow)


def train(session: Session, folder: Path, processes: int | None = None) -> None:
    """Run a session on every GPU of this machine, or in this process where there is at most one.

    Args:
        session: what to run.
        folder: where the checkpoint goes.
        processes: how many; None: one for each GPU.
    """
    on_every_gpu(partial(session, folder), processes)
