"""`unirain ui` and `unirain sync`: the two web interfaces, and what they show of a shell's runs."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from unirain_core.cli.extras import need
from unirain_core.cli.track import trains_now
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, UniRainError, without_password
from unirain_core.tracking import connection, view
from unirain_core.tracking.settle import settle

LOOPBACK = "127.0.0.1"
_PORTS_TRIED = 50
_GRACE = 15.0
"""Seconds that a server has to end by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One of the two web interfaces."""

    name: str
    url: str
    health: str
    """Path that answers once the server is up."""
    page: Callable[[str], str]
    """Address to open first, of the server's."""
    arguments: Sequence[str]
    """Of Python."""
    log: Path


def ui(
    dagster_port: Annotated[int, typer.Option(help="First port to try for Dagster.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(help="First port to try for MLflow.")] = 5000,
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
    servers, environment = [_dagster(root, free_port(dagster_port))], _environment(root)
    _settle(root)
    remote = without_password(os.environ.get("MLFLOW_TRACKING_URI", ""))
    if remote.startswith("http"):
        print(f"{'MLflow':8}{remote}   (MLFLOW_TRACKING_URI)")
    else:
        servers.append(_mlflow(root, free_port(mlflow_port)))
    environment["UNIRAIN_MLFLOW_URL"] = servers[1].url if servers[1:] else remote
    environment["UNIRAIN_DAGSTER_URL"] = servers[0].url
    running = {server: _start(server, root, environment) for server in servers}
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)  # from here on they are waited for
    try:
        for server in servers:
            print(f"{server.name:8}{server.url}   (log: {server.log.relative_to(root)})")
        print("they take a moment to start; Ctrl-C stops them", flush=True)
        _watch(running)
    finally:
        for process in running.values():
            _end(process)
        print("stopped")


def sync() -> None:
    """Show in Dagster what `dvc repro` ran in a shell (an open Dagster does so by itself)."""
    root = _project()
    need("dagster", "dvc")
    command = [sys.executable, "-m", "unirain_assets.sync"]
    ended = subprocess.run(command, cwd=root, env=_environment(root), check=False)
    if ended.returncode:
        sys.exit(ended.returncode)


def free_port(first: int) -> int:
    """The first port from `first` on that nothing on this machine listens at.

    Raises:
        ConfigError: there is none nearby.
    """
    for port in range(first, first + _PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise ConfigError(f"ports {first} to {first + _PORTS_TRIED - 1} are all in use; name another first port")


def _settle(root: Path) -> None:
    """Let MLflow show what it should: its store mended, killed trainings ended, what it lacks sent."""
    try:
        connection.open_store(root)
    except UniRainError as error:
        print(f"{'MLflow':8}{error}")
    home = WorkStore.at(root, "ui").home
    settle(home / "runs", root, trains_now(home))


_STOP = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def _project() -> Path:
    root = Path.cwd()
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


def _start(server: Server, root: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a server in a group of its own; the launcher ties its life to ours, should we be killed."""
    server.log.parent.mkdir(parents=True, exist_ok=True)
    launcher = [sys.executable, "-m", "unirain_assets.launcher", str(os.getpid())]
    with server.log.open("wb") as log:
        return subprocess.Popen(
            [*launcher, *server.arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _watch(running: Mapping[Server, subprocess.Popen[bytes]]) -> None:
    """Until a person stops it; says of each server when it answers."""
    silent = list(running)
    while signal.sigtimedwait(_STOP, 1.0) is None:
        for server, process in running.items():
            if process.poll() is not None:
                raise UniRainError(f"{server.name} ended by itself; its log is {server.log}")
        for server in [s for s in silent if _answers(s)]:
            print(f"{server.name} is ready: {server.page(server.url)}", flush=True)
            silent.remove(server)


def _answers(server: Server) -> bool:
    try:
        with urllib.request.urlopen(server.url + server.health, timeout=1.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a server and all that it started to end, then make them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE
        try:
            os.killpg(process.pid, number)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)  # raises once nobody is left
                time.sleep(0.1)
        except ProcessLookupError:
            return
