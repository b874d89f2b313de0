"""Journals to MLflow. Whatever MLflow does or answers, a training goes on; an outage costs no more than a delay."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from unirain_core.artefacts.run_page import run_page
from unirain_core.tracking import figures, journal, link
from unirain_core.tracking.connection import address, open_runs, patience, store_identity
from unirain_core.tracking.events import Event, Start, fingerprint
from unirain_core.tracking.link import Link
from unirain_core.tracking.outage import OutageError, guarded, within

if TYPE_CHECKING:
    from unirain_core.tracking.runs import Runs

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""Failures after which nobody tries any more: a dead server can hold each of them for ten seconds."""
PAUSE = 5.0
"""Seconds between two transmissions while a training runs."""


class Mirror:
    """Sends one journal's lines that have not been sent yet; may be called at any time, any number of times."""

    def __init__(
        self,
        folder: Path,
        root: Path,
        clock: Callable[[], float] = time.monotonic,
        runs: "Runs | None" = None,
    ) -> None:
        """Speak to nobody yet.

        Args:
            folder: the journal's.
            root: the project's root.
            clock: seconds.
            runs: MLflow, where it is open already.
        """
        self._folder, self._root, self._clock, self._runs = folder, root, clock, runs
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
            within(patience(), self.send)
            self._failures = 0
        except OutageError as error:
            has_hung = isinstance(error.__cause__, TimeoutError)  # its thread may still be using the client
            self._failures = ATTEMPTS if has_hung else self._failures + 1
            logger.warning("mlflow: %s; the journal keeps everything: send it with `unirain track`", error)
        self._last = self._clock()

    def page(self) -> str | None:
        """Where a browser shows the run; None while MLflow lacks something of the journal."""
        saved = link.load(self._folder)
        if saved is None or is_behind(self._folder, self._root, is_dead=False):
            return None
        return run_page(saved.experiment_id, saved.run_id)

    def send(self, *, is_dead: bool = False) -> int:
        """Send what is new; returns how many lines that were.

        Lines count as sent once the run shows them. Sending lines again changes nothing.

        Args:
            is_dead: no process runs this training any more: unless it has ended, its run ends as killed.

        Raises:
            OutageError: MLflow did not take it.
        """
        events = journal.read(self._folder)
        start = journal.start_of(events)
        return 0 if start is None else guarded(lambda: self._send(start, events, is_dead=is_dead))

    def _send(self, start: Start, events: list[Event], *, is_dead: bool) -> int:
        if self._runs is None:
            self._runs = open_runs(self._root)
        before = self._link(self._runs, start, events)
        new = len(events) - before.sent
        if new:
            self._runs.send(before.run_id, start, events, before.sent, self._folder)
        is_killed = is_dead and not _has_ended(events)
        if is_killed and (new or not before.is_killed):
            self._runs.kill(before.run_id, events[-1].time)
        after = replace(before, sent=len(events), fingerprint=fingerprint(events), is_killed=is_killed)
        if after != before:
            link.save(self._folder, after)
        self._send_figures(self._runs, after)
        return new

    def _send_figures(self, runs: "Runs", before: Link) -> None:
        """Send the figures in the tables where the run has others, or none."""
        in_tables = figures.beside(self._folder)
        if in_tables is not None and in_tables.fingerprint != before.figures:
            runs.send_figures(before.run_id, in_tables)
            link.save(self._folder, replace(before, figures=in_tables.fingerprint))

    def _link(self, runs: "Runs", start: Start, events: list[Event]) -> Link:
        """The link as saved; a new one where the store is another one, or has lost the run."""
        saved = link.load(self._folder)
        if saved is not None and _is_of_this_store(saved, self._root) and runs.has(saved.run_id, start):
            is_whole = saved.fingerprint == fingerprint(events[: saved.sent])
            return saved if is_whole else replace(saved, sent=0)
        fresh = Link(
            tracking_uri=address(),
            store=store_identity(self._root) or "",
            experiment_id=runs.experiment_id,
            run_id=runs.find_or_create(start, events[0].time),
        )
        link.save(self._folder, fresh)
        return fresh


def is_behind(folder: Path, root: Path, *, is_dead: bool) -> bool:
    """Whether MLflow lacks something of a journal, as far as the files of this machine say; MLflow is not asked.

    Args:
        folder: the journal's.
        root: the project's root.
        is_dead: as in `Mirror.send`.
    """
    events = journal.read(folder)
    if journal.start_of(events) is None:
        return False
    saved = link.load(folder)
    if saved is None or not _is_of_this_store(saved, root) or saved.fingerprint != fingerprint(events):
        return True
    in_tables = figures.beside(folder)
    if in_tables is not None and in_tables.fingerprint != saved.figures:
        return True
    return is_dead and not _has_ended(events) and not saved.is_killed


def _has_ended(events: list[Event]) -> bool:
    return events[-1].kind in ("finish", "failed", "current")


def _is_of_this_store(saved: Link, root: Path) -> bool:
    return saved.tracking_uri == address() and saved.store == store_identity(root)
