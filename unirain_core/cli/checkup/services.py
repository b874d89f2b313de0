"""What params name outside of the project: datasets, weights, variables and servers, MLflow's included."""

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from unirain_core.artefacts.roots import Roots
from unirain_core.cli.checkup.finding import Finding, State
from unirain_core.cli.missing import Kind, needs
from unirain_core.config.models import HttpJudge
from unirain_core.config.params import Params
from unirain_core.errors import without_password
from unirain_core.sources.datasets import left_out
from unirain_core.tracking import connection, own_store

_PATIENCE_S = 5.0
"""Seconds that a server has to answer; it is asked for nothing that it would have to compute."""


def inputs(root: Path, params: Params) -> Iterator[Finding]:
    """What is there, one line for each kind; then what is left out, since it may be, and what lacks."""
    there: dict[Kind, list[str]] = {}
    lacking: list[str] = []
    for need in needs(root, params):
        if not need.words:
            there.setdefault(need.kind, []).append(need.name)
        elif need.kind == "dataset" and need.name in params.sample_corpora:
            there.setdefault(need.kind, []).append(f"{need.name} (which the stage sample_corpus will render)")
        else:
            lacking.append(need.words)
    for kind, names in there.items():
        yield Finding(State.FINE, f"{kind}: {', '.join(names)}")
    skipped = left_out(params.raw_datasets, Roots.load(root))
    yield from (Finding(State.NOTE, words) for words in skipped.values())
    yield from (Finding(State.LACKING, words) for words in lacking)


def servers(root: Path, params: Params) -> Iterator[Finding]:
    """Whether MLflow and the judges behind an endpoint answer; Qdrant is among the inputs."""
    yield _mlflow(root)
    for name in params.vlm_votes.judges:
        model = params.judge_models.get(name)
        if isinstance(model, HttpJudge) and os.environ.get(model.address):
            yield _judge(name, model)


def _mlflow(root: Path) -> Finding:
    uri = connection.tracking_uri(root)
    if not uri.startswith("http"):
        return _store(root)
    where = without_password(uri)
    problem = _silence(f"{uri.rstrip('/')}/health")
    if not problem:
        return Finding(State.FINE, f"MLflow answers at {where}")
    return Finding(
        State.LACKING,
        f"MLflow does not answer at {where} ({problem}), and no training waits for it; start it, or unset "
        "MLFLOW_TRACKING_URI to use the project's own file",
    )


def _store(root: Path) -> Finding:
    file = own_store.home(root) / own_store.FILE
    if not own_store.is_own():
        return Finding(State.FINE, f"MLflow writes to {connection.address()}")
    if not file.exists():
        return Finding(State.FINE, f"MLflow's file {file} does not exist yet; the first training makes it")
    if own_store.identity(root) is None:
        return Finding(
            State.BROKEN,
            f"MLflow's file {file} is damaged: run `unirain prepare`, which puts it aside, then `unirain track`, which "
            "fills a new one from the journals",
        )
    return Finding(State.FINE, f"MLflow's file is {file}")


def _judge(name: str, model: HttpJudge) -> Finding:
    """Any answer will do: a server that refuses the address of its models answers all the same."""
    address = os.environ[model.address].strip().rstrip("/")
    problem = _silence(f"{address}/models")
    if not problem:
        return Finding(State.FINE, f"judge '{name}': a server answers at {without_password(address)}")
    return Finding(
        State.LACKING,
        f"judge '{name}': no server answers at {without_password(address)} ({problem}); start it, or correct the "
        f"address in {model.address}",
    )


def _silence(url: str) -> str:
    """Why nobody answers at an address; empty: somebody does, be it to say that a password lacks."""
    try:
        with urllib.request.urlopen(without_password(url), timeout=_PATIENCE_S):
            return ""
    except urllib.error.HTTPError:
        return ""
    except (OSError, HTTPException, ValueError) as error:
        return str(error) or type(error).__name__
