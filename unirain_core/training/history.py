"""A training's account of itself: rows of the history, and the same as named metrics."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.config.sections import RainType
from unirain_core.reweight.reweighter import Scores
from unirain_core.tracking.journal import Journal
from unirain_core.training.validation import Measured


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean losses of each of the K types: not a number where a type was absent."""

    train: Sequence[float]
    """Of the crops trained on since the last update of the weights."""
    val: Sequence[float] | None
    """Of the fixed crops of `val`; None where the reweighter does not look at them."""

    @property
    def seen(self) -> Sequence[float]:
        """Those that the reweighter sees."""
        return self.train if self.val is None else self.val


def history_rows(
    step: int,
    rain_types: Sequence[RainType],
    *,
    lr: float,
    scores: Scores,
    losses: Losses | None,
    measured: Measured | None,
) -> list[HistoryRow]:
    """One row of each rain type.

    Args:
        step: steps done.
        rain_types: the K types.
        lr: learning rate of the step.
        scores: what the weights in use were made of.
        losses: since the last update of the weights; None: they were not updated, and only the weights show.
        measured: quality on `val`; None: not measured at this step.
    """
    is_updated = losses is not None
    return [
        HistoryRow(
            step=step,
            rain_type=rain_type,
            train_loss=_finite(losses.train[kind]) if losses is not None else None,
            val_loss=_finite(losses.val[kind]) if losses is not None and losses.val is not None else None,
            slope=_finite(scores["slopes"][kind]) if is_updated else None,
            tbs=float(scores["tbs"][kind]) if is_updated else None,
            tss=float(scores["tss"][kind]) if is_updated else None,
            af=scores["af"] if is_updated else None,
            weight=float(scores["weights"][kind]),
            lr=lr,
            psnr=measured.psnr[kind] if measured else None,
            ssim=measured.ssim[kind] if measured else None,
        )
        for kind, rain_type in enumerate(rain_types)
    ]


def named_metrics(rows: Sequence[HistoryRow]) -> dict[str, float]:
    """Rows of one step as metrics, `train/loss/drs` and so on; what a row does not know is left out.

    Args:
        rows: one of each rain type, at least one.
    """
    metrics = {"lr": rows[0].lr}
    if rows[0].af is not None:
        metrics["af"] = rows[0].af
    for row in rows:
        values = {
            "train/loss": row.train_loss,
            "val/loss": row.val_loss,
            "slope": row.slope,
            "tbs": row.tbs,
            "tss": row.tss,
            "weight": row.weight,
            "val/psnr": row.psnr,
            "val/ssim": row.ssim,
        }
        metrics |= {f"{name}/{row.rain_type}": v for name, v in values.items() if v is not None}
    psnr = [row.psnr for row in rows if row.psnr is not None]
    if psnr:
        metrics["val/psnr/mean"] = sum(psnr) / len(psnr)
    return metrics


def tell_history(journal: Journal, rows: Sequence[HistoryRow]) -> None:
    """Note all steps of a history that a journal lacks. A journal that was damaged or deleted lacks some."""
    for step, of_step in groupby(rows, key=lambda row: row.step):
        journal.metrics(step, named_metrics(list(of_step)))


def _finite(value: float) -> float | None:
    """The value; None where it is not finite, as the loss and the slope of a type that was absent."""
    return float(value) if math.isfinite(value) else None
