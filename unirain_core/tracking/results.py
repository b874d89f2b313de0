"""A variant's figures in the tables, on their way to the run of the training that made the weights. Does not load mlflow."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unirain_core.tracking import figures, journal
from unirain_core.tracking.mirror import Mirror

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One variant's lines in the tables."""

    variant: str
    sha256: str
    """Hash of the weights that were scored."""
    metrics: Mapping[str, float]
    """By the tables' names: `test/psnr/drs`."""


def tell(results: Sequence[Result], tables: Sequence[Path], runs: Path, root: Path) -> None:
    """Keep the figures beside the journals of their trainings and send them to MLflow; never raises on an outage.

    Args:
        results: of all variants.
        tables: files that each run gets beside its figures.
        runs: the folder of all journals.
        root: the project's root.
    """
    for result in results:
        folder = _journal_of(result, runs)
        if folder is None:
            logger.warning(
                "no journal in %s is of the weights of %s: MLflow does not hear of their figures",
                runs / result.variant,
                result.variant,
            )
            continue
        try:
            figures.keep(folder, result.metrics, tables)
        except OSError as error:
            logger.warning("figures of %s: %s: MLflow does not hear of them", result.variant, error)
            continue
        Mirror(folder, root).flush()


def _journal_of(result: Result, runs: Path) -> Path | None:
    """The journal of the training that made the weights; that of the variant's last training before earlier ones."""
    current = runs / result.variant
    for folder in (current, *sorted((current / journal.EARLIER).glob("*"))):
        for event in journal.read(folder):
            if event.kind == "finish" and (event.content or {}).get("sha256") == result.sha256:
                return folder
    return None
