"""`unirain ui` and `unirain sync`: the web interfaces, and what they show of a shell's runs."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from unirain_core.cli import interfaces
from unirain_core.cli.extras import need
from unirain_core.cli.interfaces import Runs
from unirain_core.cli.project import current_root
from unirain_core.cli.servers import LAST_PORT, STOP, Server, end, start, watch
from unirain_core.cli.track import trains_now
from unirain_core.engine.life import is_held, lock
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, UniRainError, without_password
from unirain_core.tracking import connection, view
from unirain_core.tracking.settle import settle

_LOCK, _ADDRESSES = "ui.lock", "ui.addresses"
"""In Dagster's home: two daemons on one home would start each other's runs."""


def ui(
    dagster_port: Annotated[
        int, typer.Option(min=1, max=LAST_PORT, help="First port to try for Dagster.")
    ] = 3000,
    mlflow_port: Annotated[
        int, typer.Option(min=1, max=LAST_PORT, help="First port to try for MLflow.")
    ] = 5000,
    pages_port: Annotated[
        int, typer.Option(min=1, max=LAST_PORT, help="First port to try for the pages, such as the gallery.")
    ] = 8000,
) -> None:
    """Open Dagster, MLflow and the pages on this machine, for this machine alone; Ctrl-C closes all.

    Where MLFLOW_TRACKING_URI names a server, that one is MLflow.

    Raises:
        ConfigError: the current folder is no project.
        MissingLibraryError: Dagster, DVC or MLflow is not installed.
        UniRainError: a server ended by itself.
    """
    root = _project()
    need("dagster", "dagster_webserver", "dvc", "mlflow")
    environment = _environment(root)
    home = Path(environment["DAGSTER_HOME"])
    if is_held(home / _LOCK):
        print(_already_open(home))
        return
    with lock(home / _LOCK, "`unirain ui`"):
        _settle(root)
        servers = interfaces.servers(
            root, dagster_port=dagster_port, mlflow_port=mlflow_port, pages_port=pages_port
        )
        addresses = _addresses(root, servers)
        environment |= {f"UNIRAIN_{name.upper()}_URL": url for name, url in addresses.items()}
        pages = [f"{server.name:8}{server.page(server.url)}\n" for server in servers]
        (home / _ADDRESSES).write_text("".join(pages), encoding="utf-8")
        with _running(root, servers, environment) as running:
            for server in servers:
                print(f"{server.name:8}{server.url}   (log: {server.log.relative_to(root)})")
            if "MLflow" not in {server.name for server in servers}:
                print(f"{'MLflow':8}{addresses['MLflow']}   (MLFLOW_TRACKING_URI)")
            print("they take a moment to start; Ctrl-C stops them", flush=True)
            watch(running)


@contextmanager
def _running(
    root: Path, servers: Sequence[Server], environment: dict[str, str]
) -> Iterator[dict[Server, subprocess.Popen[bytes]]]:
    """The servers as processes, which end with the block."""
    running = {server: start(server, root, environment) for server in servers}
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)  # from here on they are waited for
    try:
        yield running
    finally:
        runs = interfaces.unfinished_runs(servers[0].url)
        for process in running.values():
            end(process)
        print(stopped(runs))


def stopped(runs: Runs) -> str:
    """What a person is told at the end.

    >>> print(stopped(Runs(at_work=0, waiting=2)))
    stopped
    2 runs wait in Dagster's queue; they begin when `unirain ui` is opened again
    """
    lines = ["stopped"]
    if runs.at_work:
        lines.append(
            f"{_counted(runs.at_work, 'was', 'were')} ended with it. Finished work is kept: start the same again in Dagster, "
            "or type `dvc repro`, and it goes on where it was"
        )
    if runs.waiting:
        begin = "it begins" if runs.waiting == 1 else "they begin"
        lines.append(
            f"{_counted(runs.waiting, 'waits', 'wait')} in Dagster's queue; {begin} when `unirain ui` is opened again"
        )
    return "\n".join(lines)


def _counted(number: int, verb: str, verb_of_more: str) -> str:
    return f"1 run {verb}" if number == 1 else f"{number} runs {verb_of_more}"


def _already_open(home: Path) -> str:
    """The addresses that the command that runs has written down."""
    try:
        lines = (home / _ADDRESSES).read_text(encoding="utf-8").splitlines()
    except OSError:  # it is about to write them
        lines = ["the addresses stand in the terminal in which it was started"]
    return "\n".join(["already open at", *map(_with_view, lines)])


def _with_view(line: str) -> str:
    """A line in which MLflow's address leads to its view, which nobody could ask for before MLflow had started."""
    name, _, address = line.partition(" ")
    return f"{name:8}{view.page(address.strip())}" if name == "MLflow" else line


def _addresses(root: Path, servers: Sequence[Server]) -> dict[str, str]:
    """Name of each interface to its address; MLflow's may be a server elsewhere."""
    own = {server.name: server.url for server in servers}
    return {"MLflow": without_password(connection.tracking_uri(root)), **own}


def sync() -> None:
    """Show in Dagster what `dvc repro` ran in a shell (an open Dagster does so by itself)."""
    root = _project()
    need("dagster", "dvc")
    command = [sys.executable, "-m", "unirain_assets.sync"]
    ended = subprocess.run(command, cwd=root, env=_environment(root), check=False)
    if ended.returncode:
        sys.exit(ended.returncode)


def _settle(root: Path) -> None:
    """Let MLflow show what it should: its store mended, killed trainings ended, what it lacks sent."""
    try:
        connection.open_store(root)
    except UniRainError as error:
        print(f"{'MLflow':8}{error}")
    home = WorkStore.at(root, "ui").home
    settle(home / "runs", root, trains_now(home))


def _project() -> Path:
    root = current_root()
    if not (root / "dvc.yaml").exists():
        raise ConfigError(f"{root} holds no dvc.yaml; run from the root of the project")
    return root


def _environment(root: Path) -> dict[str, str]:
    """Dagster's home with its settings, and no call to anyone outside."""
    home = Path(os.environ.get("DAGSTER_HOME") or root / ".dagster").absolute()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        with resources.as_file(resources.files("unirain_assets") / "dagster.yaml") as settings:
            shutil.copy(settings, home)
    return os.environ | {
        "DAGSTER_HOME": str(home),
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_BACKEND_STORE_URI": connection.tracking_uri(root),  # no argument: those are for all to see
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
