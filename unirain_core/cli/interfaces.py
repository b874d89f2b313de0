"""The web interfaces of a project as servers: Dagster, MLflow and the pages that the pipeline writes."""

import json
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

from unirain_core.artefacts import paths
from unirain_core.cli.servers import LOOPBACK, Server, free_port
from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, read_pipeline
from unirain_core.errors import ConfigError
from unirain_core.tracking import connection, view

_PATIENCE = 5.0
"""Seconds for an answer of a server on this machine."""
_UNFINISHED = (
    """{runsOrError(filter: {statuses: [QUEUED, STARTING, STARTED]}) {... on Runs {results {status}}}}"""
)


@dataclass(frozen=True, slots=True)
class Runs:
    """Dagster's runs that have not ended."""

    at_work: int
    waiting: int
    """In the queue, from which Dagster's next start takes them."""


def servers(root: Path, *, dagster_port: int, mlflow_port: int, pages_port: int) -> list[Server]:
    """Dagster, the pages; and MLflow, unless MLFLOW_TRACKING_URI names a server of its own.

    Args:
        root: the project's root.
        dagster_port: the first to try, as the other two.
        mlflow_port: likewise.
        pages_port: likewise.

    Raises:
        ConfigError: no port is free nearby.
    """
    ports: list[int] = []
    for first in (dagster_port, pages_port, mlflow_port):
        ports.append(free_port(first, but=ports))
    made = [_dagster(root, ports[0]), _pages(root, ports[1])]
    is_own = not connection.tracking_uri(root).startswith("http")
    return [*made, _mlflow(root, ports[2])] if is_own else made


def unfinished_runs(url: str) -> Runs:
    """The runs that have not ended; none where the server starts, ends, or answers something else.

    Args:
        url: of Dagster's server.
    """
    body = json.dumps({"query": _UNFINISHED}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            results = json.load(answer)["data"]["runsOrError"]["results"]
            statuses = [result["status"] for result in results]
    except (OSError, HTTPException, ValueError, LookupError, TypeError):
        statuses = []
    waiting = statuses.count("QUEUED")
    return Runs(at_work=len(statuses) - waiting, waiting=waiting)


def _dagster(root: Path, port: int) -> Server:
    return Server(
        name="Dagster",
        url=f"http://{LOOPBACK}:{port}",
        health="/server_info",
        page=lambda url: f"{url}/asset-groups{_open_groups(root)}",
        arguments=("-m", "dagster", "dev", "--host", LOOPBACK, "--port", str(port)),
        log=root / ".dagster" / "ui.log",
    )


def _open_groups(root: Path) -> str:
    """The part of the address by which Dagster's graph opens its groups; closed ones hide every asset."""
    try:
        steps = read_pipeline(root, read_yaml(root / PARAMS)).steps
    except ConfigError:  # the page itself shows what is wrong with the project
        return ""
    groups = dict.fromkeys(f"global@global:{step.group}" for step in steps)
    return f"?expanded={quote(','.join(groups), safe=',:@')}" if groups else ""


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


def _pages(root: Path, port: int) -> Server:
    """The folder of pages at an address, because a browser follows no link from Dagster's page to a file."""
    folder = (root / paths.GALLERY).parent
    folder.mkdir(parents=True, exist_ok=True)
    return Server(
        name="Pages",
        url=f"http://{LOOPBACK}:{port}",
        health="/",
        page=lambda url: f"{url}/",
        arguments=("-m", "unirain_core.cli.pages", str(folder), str(port)),
        log=root / ".dagster" / "pages.log",
    )
