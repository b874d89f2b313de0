"""Journals to MLflow; the only place that speaks to it. An outage costs nothing but the delay."""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from unirain_core.errors import MissingInputError
from unirain_core.tracking import journal
from unirain_core.tracking.journal import Event

if TYPE_CHECKING:
    from unirain_core.tracking.runs import Runs

logger = logging.getLogger(__name__)

STATE = "mlflow.json"
ATTEMPTS = 3
"""Failures after which a training no longer tries."""
PAUSE = 5.0
"""Seconds between two transmissions while a training runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How far a journal has been sent, and to which run."""

    tracking_uri: str
    experiment_id: str
    run_id: str
    sent: int = 0
    """Lines."""


def tracking_uri(root: Path) -> str:
    """MLFLOW_TRACKING_URI, else a SQLite file in the project's `.mlflow`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_home(root)}/mlflow.db"


def open_store(root: Path) -> None:
    """Make the tracking store and its experiment now: the first use of a SQLite file takes many seconds.

    A server that MLFLOW_TRACKING_URI names is left alone.

    Raises:
        OutageError: the file cannot be made.
    """
    if (_home(root) / "mlflow.db").exists() or os.environ.get("MLFLOW_TRACKING_URI"):
        return
    with _outages():
        _runs(root)


class OutageError(Exception):
    """MLflow, its database or its server did not do what was asked."""


class Mirror:
    """Sends one journal's lines that have not been sent yet; may be called at any time, any number of times."""

    def __init__(self, folder: Path, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._root, self._clock = folder, root, clock
        self._runs: Runs | None = None
        self._failures, self._last = 0, -PAUSE

    def follow(self) -> None:
        """Send what is new, now and then, while a training runs; never raises on an outage."""
        if self._clock() - self._last >= PAUSE:
            self.flush()

    def flush(self) -> None:
        """Send what is new; never raises on an outage, and gives up after a few."""
        if self._failures >= ATTEMPTS:
            return
        try:
            self.send()
            self._failures = 0
        except OutageError as error:
            self._failures += 1
            logger.warning("mlflow: %s; the journal keeps everything: send it with `unirain track`", error)
        self._last = self._clock()

    def send(self) -> int:
        """Send what is new; returns how many lines that were.

        Raises:
            OutageError: MLflow did not take it.
        """
        events = journal.read(self._folder)
        if not events:
            return 0
        with _outages():
            if self._runs is None:
                self._runs = _runs(self._root)
            link = self._link(self._runs, events[0])
            new = events[link.sent :]
            self._runs.send(link.run_id, new, self._folder)
            self._save(replace(link, sent=len(events)))
        return len(new)

    def _link(self, runs: "Runs", start: Event) -> Link:
        """The link as saved; a new one where the store is another one or has lost the run."""
        file, uri = self._folder / STATE, tracking_uri(self._root)
        saved = Link(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None
        if saved is not None and saved.tracking_uri == uri and runs.knows(saved.run_id):
            return saved
        link = Link(tracking_uri=uri, experiment_id=runs.experiment_id, run_id=runs.find_or_create(start))
        self._save(link)
        return link

    def _save(self, link: Link) -> None:
        partial = self._folder / f"{STATE}.partial"
        partial.write_text(json.dumps(asdict(link), indent=2) + "\n", encoding="utf-8")
        partial.replace(self._folder / STATE)


def replay(journal_folder: Path, root: Path) -> int:
    """Send a journal's lines that MLflow has not seen yet; sending twice changes nothing.

    Args:
        journal_folder: `.unirain/runs/<variant>`, or one of those put aside below it.
        root: the project's root.

    Returns:
        How many lines were sent.

    Raises:
        MissingInputError: MLflow did not take them.
    """
    try:
        return Mirror(journal_folder, root).send()
    except OutageError as error:
        raise MissingInputError(
            f"MLflow at {tracking_uri(root)} did not take {journal_folder} ({error}); start its server, or unset "
            "MLFLOW_TRACKING_URI to use the project's own file"
        ) from error


def _home(root: Path) -> Path:
    """`.mlflow` of the main checkout, which queued experiments share."""
    return Path(os.environ.get("DVC_ROOT", root)).absolute() / ".mlflow"


def _runs(root: Path) -> "Runs":
    os.environ.setdefault(
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1"
    )  # by default a dead server holds a call for minutes
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from unirain_core.tracking.runs import Runs  # loads mlflow

    home = _home(root)
    home.mkdir(parents=True, exist_ok=True)
    own = "MLFLOW_TRACKING_URI" not in os.environ
    return Runs(tracking_uri(root), root, artifacts=home / "artifacts" if own else None)


@contextmanager
def _outages() -> Iterator[None]:
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, RequestException, SQLAlchemyError, OSError) as error:
        raise OutageError(" ".join(str(error).split())[:300]) from error
