"""A project with MLflow's store made, and journals as trainings write them."""

import io
import shutil
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from mlflow import MlflowClient

from unirain_core.imaging.codec import write_png
from unirain_core.tracking import own_store
from unirain_core.tracking.connection import open_store, tracking_uri
from unirain_core.tracking.events import Dataset, Finish, Start
from unirain_core.tracking.journal import Journal
from unirain_core.tracking.registry import CHAMPION, MODEL
from unirain_core.tracking.results import Result, tell

START = Start(
    key="k1",
    variant="unirain",
    params={"strategy.tau": "5.0", "rain_types": "drs, nrd"},
    tags={"unirain.profile": "sample", "mlflow.source.git.commit": "abc"},
    datasets=[
        Dataset(name="rainrag", path="data/split/train/rainrag.parquet", md5="d41d8cd9", context="training"),
        Dataset(name="val", path="data/split/val.parquet", md5="0cc175b9", context="validation"),
    ],
)


@pytest.fixture(autouse=True)
def _own_store(monkeypatch):
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "UNIRAIN_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A project whose store has been made: the first use of a SQLite file alone takes seconds."""
    root = tmp_path_factory.mktemp("template")
    (root / "data/split/train").mkdir(parents=True)
    (root / "data/split/train/rainrag.parquet").write_bytes(b"")
    (root / "data/split/val.parquet").write_bytes(b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("DVC_ROOT", raising=False)
        open_store(root)
    return root


class Project:
    """A project's root, its journals and what its MLflow shows."""

    def __init__(self, root):
        self.root = root
        self._clock = count(1_000_000, 1000)

    @property
    def runs(self):
        return self.root / ".unirain/runs"

    @property
    def client(self):
        uri = tracking_uri(self.root)
        return MlflowClient(tracking_uri=uri, registry_uri=uri)

    def begin(self, variant, start=START, key=None):
        """The journal of a training that has done ten steps."""
        own = replace(start, variant=variant, key=key or variant)
        journal = Journal.begin(self.runs / variant, own, lambda: next(self._clock))
        for step in (5, 10):
            journal.metrics(step, {"loss/drs": 1.0 / step, "af": 0.5})
        png = io.BytesIO()
        write_png(png, np.full((4, 12, 3), 99, np.uint8))
        journal.picture(10, "drs", png.getvalue())
        return journal

    def train(self, variant, psnr, start=START, key=None):
        """A whole training."""
        self.begin(variant, start, key).finish(
            Finish(
                metrics={"best/val/psnr/mean": psnr},
                checkpoint=f"data/checkpoints/{variant}",
                sha256=f"sha of {key or variant}",
                psnr=psnr,
            )
        )

    def score(self, variant, key=None, **metrics):
        """Tables with a variant's figures."""
        table = self.root / "data/tables/table1.md"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(f"| {variant} | {metrics} |\n")
        named = {name.replace("_", "/"): value for name, value in metrics.items()}
        result = Result(variant=variant, sha256=f"sha of {key or variant}", metrics=named)
        tell([result], [table], self.runs, self.root)

    def runs_of(self, variant):
        """What MLflow shows of a variant's trainings, the first one first."""
        experiment = self.client.get_experiment_by_name("unirain")
        condition = f"tags.`unirain.variant` = '{variant}'"
        runs = self.client.search_runs([experiment.experiment_id], condition)
        return sorted(runs, key=lambda run: run.info.start_time)

    def run_of(self, variant):
        """What MLflow shows of a variant's only run."""
        (run,) = self.runs_of(variant)
        return run

    def parent_of(self, variant):
        return self.client.get_run(self.run_of(variant).data.tags["mlflow.parentRunId"])

    def files_of(self, run, folder):
        """Names of the files of a run in a folder: as a server lists them, or in the project's own store."""
        if not own_store.is_own():
            return [file.path for file in self.client.list_artifacts(run.info.run_id, folder)]
        place = run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
        files = (self.root / ".mlflow/artifacts" / place.lstrip("/") / folder).glob("*")
        return sorted(file.name for file in files)

    def points(self, variant, name="loss/drs"):
        history = self.client.get_metric_history(self.run_of(variant).info.run_id, name)
        return [(point.step, point.value) for point in history]

    def pictures(self, variant):
        """Names of the pictures of a variant's only run."""
        return self.files_of(self.run_of(variant), "images")

    def champion(self, alias=CHAMPION):
        """The variant that bears an alias."""
        version = self.client.get_model_version_by_alias(MODEL, alias)
        return self.client.get_run(version.run_id).data.tags["unirain.variant"]


@pytest.fixture
def project(template, tmp_path):
    shutil.copytree(template, tmp_path / "project")
    return Project(tmp_path / "project")


def nobody(_variant):
    """No variant is being trained."""
    return False
