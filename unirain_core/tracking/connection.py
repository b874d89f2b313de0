"""The MLflow that a project speaks to, and its opening."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from unirain_core.errors import without_password
from unirain_core.tracking import own_store
from unirain_core.tracking.outage import guarded

if TYPE_CHECKING:
    from unirain_core.tracking.runs import Runs

_PATIENCE = 60.0
"""Seconds that a training waits for a server's answers to one transmission. A server that sends a byte now and then would
otherwise hold it for ever, since each byte starts the client's own limit anew."""


def tracking_uri(root: Path) -> str:
    """MLFLOW_TRACKING_URI, else a SQLite file in the project's `.mlflow`; it may hold a password."""
    return os.environ.get("MLFLOW_TRACKING_URI") or own_store.uri(root)


def address() -> str:
    """The store as a link names it: without a password, and empty for the project's own, wherever the project lies."""
    return without_password(os.environ.get("MLFLOW_TRACKING_URI", ""))


def store_identity(root: Path) -> str | None:
    """Identity of the project's own store file: it changes when the file is made anew.

    Returns:
        Empty for another store; None where there is no file.
    """
    return own_store.identity(root) if own_store.is_own() else ""


def patience() -> float | None:
    """Seconds that a training waits for MLflow; None: no limit.

    The project's own file has no limit, because an interrupted creation would leave it half made.
    """
    return None if own_store.is_own() else _PATIENCE


def open_store(root: Path) -> None:
    """Make the tracking store and its experiment now, or mend them: the first use of a SQLite file takes many seconds.

    A server that MLFLOW_TRACKING_URI names is left alone.

    Raises:
        OutageError: the file cannot be made.
    """
    if own_store.is_own():
        guarded(lambda: _make_or_mend(root))


def open_runs(root: Path) -> "Runs":
    """MLflow's client for this project, its own store mended or made where it has no other."""
    # One attempt, of at most ten seconds: by default a dead server holds a call for minutes. A request that MLflow
    # repeats after a lost answer would be carried out twice. The journal is sent again instead.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"  # the address may hold a password
    from unirain_core.tracking.runs import Runs  # loads mlflow

    if not own_store.is_own():
        return Runs(tracking_uri(root), own=None)
    with own_store.mended(root):
        return Runs(own_store.uri(root), own=own_store.home(root) / own_store.ARTIFACTS)


def _make_or_mend(root: Path) -> None:
    with own_store.mended(root):
        is_made = own_store.identity(root) is not None
    if not is_made:
        open_runs(root)
