"""`unirain ui` and `unirain sync`: the two web interfaces, and what they show of a shell's runs."""

import os
import shutil
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from unirain_core.cli.extras import need
from unirain_core.cli.project import current_root
from unirain_core.cli.servers import LAST_PORT, LOOPBACK, STOP, Server, end, free_port, start, watch
from unirain_core.cli.track import trains_now
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, UniRainError, without_password
from unirain_core.tracking import connection, view
from unirain_core.tracking.settle import settle


def ui(
    dagster_port: Annotated[
        int, typer.Option(min=1, max=LAST_PORT, help="First port to try for Dagster.")
    ] = 3000,
    mlflow_port: Annotated[
        int, typer.Option(min=1, max=LAST_PORT, help="First port to try for MLflow.")
    ] = 5000,
) -> None:
    """Open Dagster and MLflow on this machine, for this machine alone; Ctrl-C closes both.

    Where MLFLOW_TRACKING_URI names a server, that one is MLflow.

    Raises:
        ConfigError: the current folder is no project.
        MissingLibraryError: Dagster, DVC or MLflow is not installed.
        UniRainError: a server ended by itself.
    """
    root = _project()
    need("dagster", "dagster_webserver", "dvc", "mlflow")
    environment = _environment(root)
    _settle(root)
    servers = _servers(root, dagster_port, mlflow_port)
    environment["UNIRAIN_DAGSTER_URL"] = servers[0].url
    if len(servers) == 2:
        environment["UNIRAIN_MLFLOW_URL"] = servers[1].url
    else:
        remote = without_password(connection.tracking_uri(root))
        environment["UNIRAIN_MLFLOW_URL"] = remote
        print(f"{'MLflow':8}{remote}   (MLFLOW_TRACKING_URI)")
    running = {server: start(server, root, environment) for server in servers}
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)  # from here on they are waited for
    try:
        for server in servers:
            print(f"{server.name:8}{server.url}   (log: {server.log.relative_to(root)})")
        print("they take a moment to start; Ctrl-C stops them", flush=True)
        watch(running)
    finally:
        for process in running.values():
            end(process)
        print("stopped")


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


def _servers(root: Path, dagster_port: int, mlflow_port: int) -> list[Server]:
    """Dagster; and MLflow, unless MLFLOW_TRACKING_URI names a server of its own."""
    port = free_port(dagster_port)
    dagster = _dagster(root, port)
    if connection.tracking_uri(root).startswith("http"):
        return [dagster]
    return [dagster, _mlflow(root, free_port(mlflow_port, but=[port]))]


def _dagster(root: Path, port: int) -> Server:
    return Server(
        name="Dagster",
        url=f"http://{LOOPBACK}:{port}",
        health="/server_info",
        page=lambda url: f"{url}/asset-groups",
        arguments=("-m", "dagster", "dev", "--host", LOOPBACK, "--port", str(port)),
        log=root / ".dagster" / "ui.log",
    )


def _mlflow(root: Path, port: int) -> Server:
    home = root / ".mlflow"
    store = ("--artifacts-destination", str(home / "artifacts"))
    place = ("--host", LOOPBACK, "--port", str(port), "--workers", "1")
    return Server(
        name="MLflow",
        url=f"http://{LOOPBACK}:{port}",
        health="/health",
        page=view.page,
        arguments=("-m", "mlflow", "server", *store, *place),
        log=home / "ui.log",
    )
