"""Whatever a server answers, at any moment: nothing is raised, nothing is lost, nothing is told twice."""

import shutil
import sqlite3
import time

import numpy as np
import pytest

from tests.tracking.conftest import START, nobody
from tests.tracking.faulty_server import BODIES, STATUSES, faulty_server
from unirain_core.tracking import connection
from unirain_core.tracking.events import group_of
from unirain_core.tracking.journal import read
from unirain_core.tracking.mirror import Mirror
from unirain_core.tracking.registry import MODEL
from unirain_core.tracking.settle import crown, replay_all, settle

pytestmark = pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated")


@pytest.fixture(scope="module")
def server(template, tmp_path_factory):
    store = tmp_path_factory.mktemp("server")
    shutil.copytree(template / ".mlflow", store / ".mlflow")
    with sqlite3.connect(
        store / ".mlflow/mlflow.db"
    ) as database:  # a server's own has its own place for pictures
        database.execute("UPDATE experiments SET name = 'before' WHERE name = 'unirain'")
    database.close()
    with faulty_server(store) as faulty:
        yield faulty


@pytest.fixture
def faults(server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    monkeypatch.setattr("unirain_core.tracking.mirror.PAUSE", 0.0)
    yield server
    server.plan(0.0)


def follow(project, variant):
    """A training that is mirrored after every line, and what its journal then holds."""
    project.begin(variant)
    mirror = Mirror(project.runs / variant, project.root)
    mirror.follow()
    journal = project.begin(variant)
    journal.listen(mirror.follow)
    for step in (15, 20, 25):
        journal.metrics(step, {"loss/drs": 1.0 / step})
    project.train(variant, 25.0)
    mirror.flush()
    project.score(variant, test_psnr_average=24.5)
    crown(project.runs, project.root)
    return read(project.runs / variant)


def assert_whole(project, variant):
    """MLflow shows the training once and whole."""
    run = project.run_of(variant)
    steps = [step for step, _ in project.points(variant)]
    versions = project.client.search_model_versions(f"name = '{MODEL}'")

    assert run.info.status == "FINISHED"
    assert sorted(steps) == [5, 10, 15, 20, 25]
    assert len(project.pictures(variant)) == 2
    assert project.points(variant, "test/psnr/average") == [(0, 24.5)]
    assert project.files_of(run, "tables") == ["tables/table1.md"]
    assert len([version for version in versions if version.run_id == run.info.run_id]) == 1


def test_a_right_server_is_told_everything(project, faults):
    follow(project, "right")

    assert_whole(project, "right")
    version = project.client.get_model_version_by_alias(MODEL, f"champion-{group_of(START)}")
    assert version.source == "dvc://data/checkpoints/right?sha256=sha of right"


@pytest.mark.parametrize(
    "seed", [*range(8), *(pytest.param(s, marks=pytest.mark.slow) for s in range(8, 20))]
)
def test_wrong_answers_neither_stop_nor_falsify_a_training(project, faults, seed):
    rate = float(np.random.default_rng(seed).choice([0.1, 0.4, 1.0]))
    before = faults.plan(rate, seed=seed)
    variant = f"wrong-{seed}"
    settle(project.runs, project.root, nobody)
    kinds = [event.kind for event in follow(project, variant)]

    assert kinds == ["start", *["metrics"] * 2, "picture", *["metrics"] * 3, "finish"]
    assert faults.plan(0.0) > before or rate < 1.0
    replay_all(project.runs, project.root, nobody)
    assert_whole(project, variant)


EVERY = [(status, body) for status in sorted(set(STATUSES)) for body in range(len(BODIES))]
SOME = [EVERY[at] for at in sorted(np.random.default_rng(0).choice(len(EVERY), 40, replace=False))]
"""A seeded part of all answers."""


@pytest.mark.slow
@pytest.mark.parametrize(("status", "body"), SOME)
def test_no_answer_raises_anything_when_a_training_starts(project, faults, status, body):
    faults.plan(1.0, status=status, body=body)
    project.begin("start")
    settle(project.runs, project.root, nobody)
    Mirror(project.runs / "start", project.root).flush()

    assert len(read(project.runs / "start")) == 4


def test_a_server_that_sends_a_byte_now_and_then_does_not_hold_a_training(
    project, faults, monkeypatch, caplog
):
    monkeypatch.setattr(connection, "_PATIENCE", 1.0)
    monkeypatch.setattr("unirain_core.tracking.runs.Runs.__init__", lambda *_, **__: time.sleep(5))
    project.begin("held")
    mirror = Mirror(project.runs / "held", project.root)
    for _ in range(5):
        mirror.flush()

    assert caplog.text.count("no whole answer within 1 s") == 1
