"""Against a real MLflow store in a SQLite file; its first use alone takes seconds."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient
from PIL import Image

from unirain_core.tracking.connection import tracking_uri
from unirain_core.tracking.events import Dataset, Finish, Start
from unirain_core.tracking.journal import Journal
from unirain_core.tracking.link import FILE as STATE
from unirain_core.tracking.mirror import ATTEMPTS, Mirror
from unirain_core.tracking.outage import OutageError
from unirain_core.tracking.registry import CHAMPION, MODEL

START = Start(
    key="k1",
    variant="unirain",
    params={"strategy.tau": "5.0"},
    tags={"unirain.profile": "sample", "mlflow.source.git.commit": "abc"},
    datasets=[
        Dataset(name="rainrag", path="data/split/train/rainrag.parquet", md5="d41d8cd9", context="training")
    ],
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "data/split/train").mkdir(parents=True)
    (root / "data/split/train/rainrag.parquet").write_bytes(b"")
    return root


@pytest.fixture(autouse=True)
def own_store(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)


def replay(folder, root):
    return Mirror(folder, root).send()


def journal_of(folder, start, psnr):
    journal = Journal.begin(folder, start)
    for step in (5, 10):
        journal.metrics(step, {"loss/drs": 1.0 / step, "af": 0.5})
    with journal.picture(10, "drs") as file:
        Image.fromarray(np.zeros((4, 12, 3), np.uint8)).save(file)
    journal.finish(
        Finish(
            metrics={"best/val/psnr/mean": psnr},
            checkpoint=f"data/checkpoints/{start.variant}",
            stored=f".unirain/shards/trained_checkpoint/{start.key}",
            sha256="s",
            psnr=psnr,
        )
    )


def client_of(project):
    return MlflowClient(tracking_uri=tracking_uri(project), registry_uri=tracking_uri(project))


def run_of(client, folder):
    return client.get_run(json.loads((folder / STATE).read_text())["run_id"])


def test_a_journal_becomes_a_run_and_its_checkpoint_a_model(project):
    folder = project / "runs" / "unirain"
    journal_of(folder, START, 25.0)
    sent = replay(folder, project)
    client = client_of(project)
    run = run_of(client, folder)
    parent = client.get_run(run.data.tags["mlflow.parentRunId"])
    champion = client.get_model_version_by_alias(MODEL, CHAMPION)

    assert sent == 5
    assert (run.info.run_name, run.info.status) == ("unirain", "FINISHED")
    assert (parent.info.run_name, parent.info.status) == ("ablation", "FINISHED")
    assert run.data.params == {"strategy.tau": "5.0"}
    assert START.tags.items() <= run.data.tags.items()
    assert run.data.metrics["best/val/psnr/mean"] == 25.0
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss/drs")] == [
        (5, 0.2),
        (10, 0.1),
    ]
    assert (
        run.inputs.dataset_inputs[0].dataset.name,
        run.inputs.dataset_inputs[0].dataset.digest,
    ) == ("rainrag", "d41d8cd9")
    assert len(client.list_artifacts(run.info.run_id, "images")) >= 1
    assert run.info.run_id == champion.run_id
    assert str(project / ".unirain/shards/trained_checkpoint/k1") == champion.source


def test_a_replay_changes_nothing_even_when_the_link_is_lost(project):
    folder = project / "runs" / "again"
    journal_of(folder, replace(START, key="again", variant="again"), 10.0)
    replay(folder, project)
    client = client_of(project)
    before = run_of(client, folder)

    assert replay(folder, project) == 0
    (folder / STATE).unlink()
    assert replay(folder, project) == 5
    after = run_of(client, folder)
    assert before.info.run_id == after.info.run_id
    assert len(client.get_metric_history(after.info.run_id, "loss/drs")) == 2
    assert (
        len([v for v in client.search_model_versions(f"name = '{MODEL}'") if v.run_id == after.info.run_id])
        == 1
    )


def test_the_best_variant_is_the_champion(project):
    client = client_of(project)
    champions = []
    for name, psnr in (("worse", 1.0), ("better", 99.0), ("worst", 0.5)):
        folder = project / "runs" / name
        journal_of(folder, replace(START, key=name, variant=name), psnr)
        replay(folder, project)
        champions.append(client.get_model_version_by_alias(MODEL, CHAMPION).run_id)
    better = run_of(client, project / "runs" / "better").info.run_id

    assert champions[0] != better
    assert [better, better] == champions[1:]


def test_a_run_goes_on_where_its_journal_does(project):
    folder = project / "runs" / "going"
    journal = Journal.begin(folder, replace(START, key="going", variant="going"))
    journal.metrics(5, {"loss/drs": 0.5})
    mirror = Mirror(folder, project)
    mirror.flush()
    journal.failed("the loss is not finite")
    mirror.flush()
    client = client_of(project)

    assert run_of(client, folder).info.status == "FAILED"
    journal.metrics(10, {"loss/drs": 0.4})
    mirror.flush()
    run = run_of(client, folder)
    assert run.info.status == "RUNNING"
    assert [m.step for m in client.get_metric_history(run.info.run_id, "loss/drs")] == [5, 10]


class BrokenMirror(Mirror):
    """A mirror whose MLflow is out."""

    calls = 0

    def send(self):
        self.calls += 1
        raise OutageError("connection refused")


def test_an_outage_never_stops_a_training_and_is_not_asked_for_ever(tmp_path, caplog):
    mirror = BrokenMirror(tmp_path, tmp_path)
    for _ in range(10):
        mirror.flush()

    assert mirror.calls == ATTEMPTS
    assert "unirain track" in caplog.text


def test_a_training_is_mirrored_now_and_then(tmp_path):
    now = [0.0]
    mirror = BrokenMirror(tmp_path, tmp_path, clock=lambda: now[0])
    calls = []
    for now[0] in (0.0, 1.0, 4.9, 5.0, 6.0):
        mirror.follow()
        calls.append(mirror.calls)

    assert calls == [1, 1, 1, 2, 2]
