import platform
import subprocess

import polars
import pytest

from unirain_core.artefacts.report import MadeWith
from unirain_core.tracking.provenance import environment, provenance

COMMAND = "unirain run trained_checkpoint --partition gated"
ALWAYS = {"mlflow.source.name": COMMAND, "mlflow.source.type": "LOCAL", "python": platform.python_version()}


def test_a_commit_and_an_experiment_are_tags(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "puffy-daks")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout

    tags = {"mlflow.source.git.commit": head.strip(), "dvc.exp.name": "puffy-daks"}
    assert provenance(tmp_path, COMMAND) == ALWAYS | tags


@pytest.mark.parametrize(
    ("dirty", "tag"), [(True, {"unirain.dirty": "yes"}), (False, {"unirain.dirty": "no"}), (None, {})]
)
def test_code_and_params_of_the_beginning_are_tags(tmp_path, monkeypatch, dirty, tag):
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    made_with = MadeWith(code="c0de", params="9a9a", dirty=dirty)

    hashes = {"unirain.code": "c0de", "unirain.params": "9a9a"}
    assert provenance(tmp_path, COMMAND, made_with) == ALWAYS | hashes | tag


def test_without_a_repository_nothing_is_claimed(tmp_path, monkeypatch):
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)

    assert provenance(tmp_path, COMMAND) == ALWAYS


def test_the_environment_lists_every_package_as_pip_would_take_it():
    lines = environment().splitlines()

    assert lines[0].startswith(f"# Python {platform.python_version()} on ")
    assert f"pytest=={pytest.__version__}" in lines
    assert f"polars=={polars.__version__}" in lines
