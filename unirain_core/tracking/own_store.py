"""The project's own tracking store: a SQLite file in `.mlflow`, mended before MLflow opens it. Does not load mlflow.

The places of pictures and other files are relative, so that a project may be moved, copied or renamed, and a copy never
writes into the original. A damaged file is put aside; the journals fill a new one.
"""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from unirain_core.tracking.aside import put_aside
from unirain_core.tracking.view import EXPERIMENT

logger = logging.getLogger(__name__)

FILE = "mlflow.db"
ARTIFACTS = "artifacts"
PLACE = "mlflow-artifacts:/"
"""Of the experiment's files: relative to the folder of artefacts, which `unirain ui` starts MLflow with."""
_COMPANIONS = ("-journal", "-wal", "-shm")
"""Suffixes of the files that SQLite keeps beside a database."""
_DAMAGED = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", ""})
"""Errors that speak against the file, by the first two words of their names; text that is no text has no name. All others,
such as a disk or a lock that does not answer, say nothing against it."""


def home(root: Path) -> Path:
    """`.mlflow` of the main checkout, which queued experiments share."""
    return Path(os.environ.get("DVC_ROOT", root)).absolute() / ".mlflow"


def is_own() -> bool:
    """Whether trainings go to the project's own file, as they do unless MLFLOW_TRACKING_URI names another store."""
    return not os.environ.get("MLFLOW_TRACKING_URI")


def uri(root: Path) -> str:
    """MLflow's address of the file."""
    return f"sqlite:///{home(root) / FILE}"


@contextmanager
def mended(root: Path) -> Iterator[None]:
    """Mend the file, and keep others from making or mending it while the block opens it.

    Raises:
        OSError: `.mlflow` cannot be made.
        sqlite3.Error: the file cannot be read at the moment.
    """
    folder = home(root)
    if folder.exists() and not folder.is_dir():
        _replace(folder, "it is no folder")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "opening.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = folder / FILE
        damage = _damage(file)
        if damage:
            _replace(file, damage)
        elif file.exists():
            _make_relative(file)
        yield


def identity(root: Path) -> str | None:
    """Identity of this store, which survives a move of the project and differs for a store made anew; None: no store."""
    try:
        with closing(_connect(home(root) / FILE)) as store:
            row = store.execute(
                "SELECT experiment_id, creation_time FROM experiments WHERE name = ?", (EXPERIMENT,)
            ).fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else f"{row[0]}/{row[1]}"


def _connect(file: Path) -> sqlite3.Connection:
    """An open database; `rw`, since a reader must be able to undo what a kill left half written."""
    return sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=30.0)


def _damage(file: Path) -> str:
    """The damage of the file in words; empty where it is sound or absent."""
    if file.is_file() and file.stat().st_size == 0:
        file.unlink()  # SQLite itself leaves such a file where it finds none
    if not file.exists():
        return ""
    if not file.is_file():
        return "it is no file"
    try:
        with closing(_connect(file)) as store:
            answer = str(store.execute("PRAGMA quick_check(1)").fetchone()[0])
            if answer != "ok":
                return answer
            return _unreadable(store)
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if "_".join(name.split("_")[:2]) not in _DAMAGED:
            raise
        return str(error)


def _unreadable(store: sqlite3.Connection) -> str:
    """Whether the tables were never finished, in words; a table that cannot be read raises its sqlite3.Error."""
    tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if "alembic_version" not in tables or "experiments" not in tables:
        return "MLflow has not finished making it"
    for table in tables:
        quoted = table.replace('"', '""')
        for _row in store.execute(f'SELECT * FROM "{quoted}"'):
            pass  # a text that is no text raises here
    if store.execute("SELECT count(*) FROM alembic_version").fetchone()[0] != 1:
        return "MLflow has not finished making it"
    return ""


def _replace(path: Path, why: str) -> None:
    """Keep what is damaged under another name, with SQLite's files beside it."""
    aside = put_aside(path)
    logger.warning(
        "%s is damaged (%s): it is now %s, and the journals fill a new one: run `unirain track`",
        path,
        why,
        aside.name,
    )
    for suffix in _COMPANIONS:
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + suffix))


def _make_relative(file: Path) -> None:
    """Let the places that an older program wrote as absolute paths follow the project."""
    with closing(_connect(file)) as store, store:
        row = store.execute(
            "SELECT experiment_id, artifact_location FROM experiments WHERE name = ?", (EXPERIMENT,)
        ).fetchone()
        if row is None or not _is_local(row[1]):
            return
        number, old_place = row
        logger.warning("MLflow's pictures were bound to %s; from now on they follow the project", old_place)
        store.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (PLACE, number))
        store.execute(
            "UPDATE runs SET artifact_uri = ? || run_uuid || '/artifacts' WHERE experiment_id = ?",
            (PLACE, number),
        )


def _is_local(place: str) -> bool:
    """Whether pictures go to a folder; a server that made the experiment keeps them itself."""
    return place.startswith(("file:", "/"))
