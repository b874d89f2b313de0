"""The figures of a training in the tables, and the tables themselves: files beside its journal. Does not load mlflow.

They are no lines of the journal, because the tables may be made anew while a training writes its lines.
"""

import hashlib
import json
import logging
import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts.whole import write_text

logger = logging.getLogger(__name__)

_FOLDER = "tables"
_FILE = "figures.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What stands beside a journal."""

    metrics: Mapping[str, float]
    """By the tables' names: `test/psnr/drs`."""
    time: int
    """Milliseconds since 1970."""
    tables: Mapping[str, Path]
    """Name to file."""
    fingerprint: str
    """16 hex digits that stand for all of it."""


def keep(journal: Path, metrics: Mapping[str, float], tables: Sequence[Path]) -> None:
    """Put figures and copies of the tables beside a journal; what stood there goes."""
    folder = journal / _FOLDER
    if folder.is_file():  # whatever stands beside a journal may be garbage
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for table in tables:
        write_text(folder / table.name, table.read_text(encoding="utf-8"))
    finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
    content = {"time": int(time.time() * 1000), "metrics": finite}
    write_text(folder / _FILE, json.dumps(content, indent=2) + "\n")  # the last one: with it all is there


def beside(journal: Path) -> Figures | None:
    """The figures beside a journal; None where there are none, or they are damaged."""
    file = journal / _FOLDER / _FILE
    try:
        text = file.read_bytes()
        content = json.loads(text)
        metrics = {str(name): float(value) for name, value in content["metrics"].items()}
        moment = int(content["time"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        logger.warning(
            "%s is damaged (%s): run `dvc repro --force --single-item benchmark_tables`", file, error
        )
        return None
    tables = {table.name: table for table in sorted(file.parent.glob("table*")) if table.is_file()}
    whole = hashlib.sha256(text)
    for table in tables.values():
        whole.update(table.read_bytes())
    return Figures(metrics=metrics, time=moment, tables=tables, fingerprint=whole.hexdigest()[:16])
