"""The whole pipeline over a work store in an object store, on two machines that share nothing else."""

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.tiny_project import run
from tests.end_to_end.conftest import copy_of, outs
from unirain_core.engine.shared import place

pytestmark = pytest.mark.slow
URL = "s3://rain/work"
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"UNIRAIN_STORE": URL, "PYTHONPATH": str(ROOT)}


def bare(reproduced, folder):
    """The project as it is cloned: without outs, DVC's cache and finished work."""
    project = copy_of(reproduced, folder)
    for path in (".dvc/cache", ".dvc/tmp", ".unirain", ".mlflow", "reports", "data"):
        shutil.rmtree(project / path, ignore_errors=True)
    (project / "dvc.lock").unlink()
    run(project, "git", "checkout", "--", "data")
    return project


def repro(project):
    """Everything up to the scores of one variant."""
    return run(project, sys.executable, "-m", "dvc", "repro", "benchmark_scores@uniform", env=ENVIRONMENT)


def finished(url=URL):
    """Everything in the store with size, hash and time: what is put again has another time."""
    return {name: state for name, state in place(url).files().items() if name.startswith("shards/")}


def test_outs_are_those_of_a_home_and_a_second_machine_does_no_finished_work_again(
    reproduced, tmp_path, store
):
    here, there = (bare(reproduced, tmp_path / name) for name in ("here", "there"))
    repro(here)
    objects = finished()
    (there / ".unirain").mkdir()
    (there / ".unirain/resume").touch()  # where a training would save itself on the way
    repro(there)

    assert outs(here) == outs(there)
    assert outs(here).items() <= outs(reproduced).items()
    assert {"sample_corpus", "verified_pairs", "vlm_votes", "trained_checkpoint", "benchmark_scores"} <= {
        name.split("/")[1] for name in objects
    }
    assert objects == finished()
    run(here, "unirain", "gc", env=ENVIRONMENT)
    assert objects == finished(), "what the last runs used is all that there is"
    assert "are what was written" in run(here, "unirain", "verify", env=ENVIRONMENT).stdout
