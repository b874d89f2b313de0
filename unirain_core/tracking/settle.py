"""All journals of a project to MLflow: what an outage kept back, runs of killed trainings, the champion."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from unirain_core.errors import MissingInputError, without_password
from unirain_core.tracking import journal, link
from unirain_core.tracking.connection import open_runs, patience, tracking_uri
from unirain_core.tracking.events import KEY_TAG, Start, group_of
from unirain_core.tracking.mirror import ATTEMPTS, Mirror, is_behind
from unirain_core.tracking.outage import OutageError, guarded, within

if TYPE_CHECKING:
    from unirain_core.tracking.runs import Runs

logger = logging.getLogger(__name__)

IsRunning = Callable[[str], bool]
"""Whether a process trains this variant at the moment."""


def settle(runs_folder: Path, root: Path, is_running: IsRunning) -> None:
    """Send what MLflow lacks of the trainings that do not run; those that were killed end as killed there.

    Costs nothing where MLflow lacks nothing, and never raises on an outage: the next start tries again.

    Args:
        runs_folder: the folder of all journals.
        root: the project's root.
        is_running: says whose journals are still being written.
    """
    behind = [
        folder
        for folder in journal.folders(runs_folder)
        if _is_dead(folder, runs_folder, is_running) and is_behind(folder, root, is_dead=True)
    ]
    if not behind:
        return
    try:
        within(patience(), lambda: _send_dead(behind, root))
    except OutageError as error:
        logger.warning("mlflow: %s; the journals keep everything: send them with `unirain track`", error)


def crown(runs_folder: Path, root: Path) -> None:
    """Make the best training that can be compared with the current one the champion; never raises on an outage.

    Args:
        runs_folder: the folder of all journals.
        root: the project's root.
    """
    current = current_start(runs_folder, must_be_sent=True)
    if current is None:
        return
    try:
        within(patience(), lambda: open_runs(root).registry.crown(group_of(current)))
    except OutageError as error:
        logger.warning("mlflow: %s; the champion is chosen by the next `unirain track`", error)


def replay_all(runs_folder: Path, root: Path, is_running: IsRunning) -> dict[Path, int]:
    """Send every journal as far as MLflow has not seen it, end what was killed, choose the champion.

    Args:
        runs_folder: the folder of all journals.
        root: the project's root.
        is_running: says whose journals are still being written.

    Returns:
        How many lines of each journal were sent.

    Raises:
        MissingInputError: MLflow did not take them.
    """
    folders = journal.folders(runs_folder)
    if not folders:
        return {}
    try:
        runs = guarded(lambda: open_runs(root))
        deaths = {folder: _is_dead(folder, runs_folder, is_running) for folder in folders}
        sent, failures = _send_all(deaths, root, runs)
        current = current_start(runs_folder)
        if current is not None:
            guarded(lambda: runs.registry.crown(group_of(current)))
        if failures:
            raise failures[0]
    except OutageError as error:
        raise MissingInputError(
            f"MLflow at {without_password(tracking_uri(root))} did not take the journals in {runs_folder} ({error}); "
            "start its server, or unset MLFLOW_TRACKING_URI to use the project's own file, and run `unirain track` "
            "again"
        ) from error
    return sent


def registered_keys(root: Path) -> set[str]:
    """Keys of the trainings that versions of the model name.

    Raises:
        OutageError: MLflow does not answer.
    """
    versions = guarded(lambda: open_runs(root).registry.versions())
    return {str(version.tags[KEY_TAG]) for version in versions if KEY_TAG in version.tags}


def current_start(runs_folder: Path, *, must_be_sent: bool = False) -> Start | None:
    """The training that finished last, or was asked for again: it has the current params.

    Args:
        runs_folder: the folder of all journals.
        must_be_sent: None unless its journal has been sent; MLflow has no version of it before.
    """
    newest, current, folder_of_current = -1, None, runs_folder
    for folder in journal.folders(runs_folder):
        events = journal.read(folder)
        for event in events:
            if event.kind in ("finish", "current") and event.time > newest:
                newest, current, folder_of_current = event.time, journal.start_of(events), folder
    if must_be_sent and link.load(folder_of_current) is None:
        return None
    return current


def _send_dead(folders: list[Path], root: Path) -> None:
    """Send the journals of trainings that do not run.

    Raises:
        OutageError: MLflow did not take one of them.
    """
    _, failures = _send_all(dict.fromkeys(folders, True), root, open_runs(root))
    if failures:
        raise failures[0]


def _send_all(
    deaths: Mapping[Path, bool], root: Path, runs: "Runs"
) -> tuple[dict[Path, int], list[OutageError]]:
    """Send journals. One that MLflow refuses keeps no other back; after a few refusals the rest is not tried.

    Args:
        deaths: folder of each journal to whether its training is dead.
        root: the project's root.
        runs: MLflow.

    Returns:
        How many lines of each journal were sent, and what went wrong.
    """
    sent: dict[Path, int] = {}
    failures: list[OutageError] = []
    for folder, is_dead in deaths.items():
        try:
            sent[folder] = Mirror(folder, root, runs=runs).send(is_dead=is_dead)
        except OutageError as error:
            failures.append(OutageError(f"journal {folder.name}: {error}"))
            if len(failures) == ATTEMPTS:
                break
    return sent, failures


def _is_dead(folder: Path, runs_folder: Path, is_running: IsRunning) -> bool:
    """Whether nobody writes the journal: one that was put aside, or one whose variant no process trains."""
    return folder.parent != runs_folder or not is_running(folder.name)
