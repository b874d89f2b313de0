"""Everything a killed training needs to go on as if nothing had happened.

A snapshot's file bears the hash of its content in its name; a damaged one counts as absent.
"""

import io
import json
import logging
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.artefacts.sums import content_name, read_named
from unirain_core.artefacts.whole import whole_file
from unirain_core.training.task import Best

logger = logging.getLogger(__name__)

_SNAPSHOTS = "step-*.pt"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """A training between two steps."""

    step: int
    """Steps done."""
    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    """State dict of the optimizer."""
    best: Best
    meter: Tensor
    """(2, K) open interval of the loss meter."""
    reweighter: dict[str, Any]
    """State of the reweighter, plain JSON."""
    history: list[HistoryRow]


def save(folder: Path, snapshot: Snapshot) -> None:
    """Replace the folder's snapshot; a kill at any moment leaves the old one or the new one."""
    best = snapshot.best
    plain = {
        "step": snapshot.step,
        "best_step": best.step,
        "best_psnr": best.psnr if math.isfinite(best.psnr) else None,
        "reweighter": snapshot.reweighter,
        "history": [asdict(row) for row in snapshot.history],
    }
    content = {
        "model": snapshot.model,
        "optimizer": snapshot.optimizer,
        "best": best.weights,
        "meter": snapshot.meter,
        "plain": json.dumps(plain, allow_nan=False),
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    fresh = folder / content_name(f"step-{snapshot.step:09d}", buffer.getvalue(), ".pt")
    with whole_file(fresh) as file:
        file.write(buffer.getvalue())
    for older in folder.glob(_SNAPSHOTS):
        if older != fresh:
            older.unlink(missing_ok=True)


def load(folder: Path) -> Snapshot | None:
    """The newest sound snapshot of a folder, on the CPU; None where there is none."""
    for file in sorted(folder.glob(_SNAPSHOTS), reverse=True):
        content = read_named(file) if file.is_file() else None
        if content is not None:
            return _parsed(content)
        logger.warning("%s is damaged and is left out: the training goes on from an earlier point", file)
    return None


def _parsed(raw: bytes) -> Snapshot:
    content = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    plain = json.loads(content["plain"])
    psnr = -math.inf if plain["best_psnr"] is None else plain["best_psnr"]
    return Snapshot(
        step=plain["step"],
        model=content["model"],
        optimizer=content["optimizer"],
        best=Best(weights=content["best"], step=plain["best_step"], psnr=psnr),
        meter=content["meter"],
        reweighter=plain["reweighter"],
        history=[HistoryRow(**row) for row in plain["history"]],
    )
