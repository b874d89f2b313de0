"""Stage curves: what all trainings told of themselves, as the CSV files that `dvc plots show` draws; no stage reads it."""

import csv
import io
import logging
from collections.abc import Mapping
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import Variant

STAGE = "curves"
READS = (paths.CHECKPOINT,)
WRITES = (paths.CURVES, paths.report(STAGE))
PARAMS = ("variants",)

DRAWN = ("psnr", "ssim", "train_loss", "val_loss", "weight", "tbs", "tss")
"""Columns of the history; each has a file of its own, since they are measured at different steps."""

logger = logging.getLogger(__name__)


def run(root: Path, *, variants: Mapping[str, Variant]) -> None:
    """Write one file for each quantity, with a line for each variant, rain type and step."""
    histories = {
        name: tables.read(root / paths.CHECKPOINT.format(partition=name) / "history.parquet", HistoryRow)
        for name in variants
    }
    counts = {"variants": len(variants)}
    for quantity in DRAWN:
        lines = _lines(histories, quantity)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([("curve", "step", quantity), *lines])
        write_text(root / paths.CURVES / f"{quantity}.csv", text.getvalue())
        counts[quantity] = len(lines)
    report.write(root / paths.report(STAGE), Report(stage=STAGE, counts=counts))
    logger.info("%s: %d variants", STAGE, len(variants))


def _lines(histories: Mapping[str, list[HistoryRow]], quantity: str) -> list[tuple[str, int, str]]:
    """Name of the curve, step and value, where it was measured."""
    lines: list[tuple[str, int, str]] = []
    for variant, rows in histories.items():
        for row in rows:
            value = getattr(row, quantity)
            if value is not None:
                lines.append((f"{variant} {row.rain_type}", row.step, f"{value:.6g}"))
    return lines
