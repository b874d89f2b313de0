"""MLflow's runs, as far as trainings need them; loads mlflow."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from mlflow import MlflowClient
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import DatasetInput, InputTag, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from unirain_core.tracking import view
from unirain_core.tracking.events import KEY_TAG, Dataset, Event, Finish, Start
from unirain_core.tracking.outage import OutageError
from unirain_core.tracking.pictures import send_pictures
from unirain_core.tracking.registry import Registry
from unirain_core.tracking.view import EXPERIMENT

TABLE = "ablation"
TABLE_TAG = "unirain.table"
BATCH = 1000
"""Metrics that MLflow takes at once."""


class Runs:
    """One experiment; a parent run for the table, a child for each training. What exists is not made twice."""

    def __init__(self, uri: str, root: Path, artifacts: Path | None) -> None:
        """Find or make the experiment.

        Args:
            uri: of the tracking store.
            root: the project's root, which the journal's paths are relative to.
            artifacts: where pictures go; None: where the server puts them.
        """
        self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        self._uri, self._root = uri, root
        self.registry = Registry(self._client, root, by_path=not uri.startswith("http"))
        experiment = self._client.get_experiment_by_name(EXPERIMENT)
        if experiment is not None:
            self.experiment_id = str(experiment.experiment_id)
        else:
            location = artifacts.as_uri() if artifacts else None
            self.experiment_id = str(self._client.create_experiment(EXPERIMENT, artifact_location=location))

    def has(self, run_id: str, start: Start) -> bool:
        """Whether the run still exists and is this training's."""
        try:
            run = self._client.get_run(run_id)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return False
            raise
        return bool(run.info.lifecycle_stage == "active") and run.data.tags.get(KEY_TAG) == start.key

    def find_or_create(self, start: Start, time: int) -> str:
        """The run of a training, by its key.

        An answer that was lost or wrong can have led to a second run of the same training; it is deleted.
        """
        tags = f"tags.`{KEY_TAG}` = '{start.key}' and tags.`mlflow.runName` = '{start.variant}'"
        first, *others = self._search(tags) or [self._create_child(start, time)]
        for run_id in others:
            self._client.delete_run(run_id)
        return first

    def send(self, run_id: str, start: Start, events: Sequence[Event], sent: int, folder: Path) -> None:
        """Send a journal's events from one on, metrics in as few calls as possible, and see that the run shows them.

        Args:
            run_id: of the training.
            start: of the training.
            events: all of its journal.
            sent: how many of them the run has.
            folder: the journal's.

        Raises:
            OutageError: MLflow says that it took them and does not show them.
        """
        if events[-1].kind not in ("finish", "failed", "current"):
            self._client.update_run(run_id, status="RUNNING")
        metrics = _metrics(events[sent:])
        if sent == 0:
            metrics = self._not_shown(run_id, metrics)
        for first in range(0, len(metrics), BATCH):
            self._client.log_batch(run_id, metrics=metrics[first : first + BATCH])
        pictures = [event for event in events[sent:] if event.kind == "picture"]
        if pictures:
            send_pictures(self._client, self._uri, run_id, pictures, folder)
        for event in events[sent:]:
            match event.kind:
                case "start":
                    self._start(run_id, start)
                case "failed":
                    self._client.set_terminated(run_id, "FAILED", event.time)
                case "finish":
                    self._finish(run_id, start, event)
                case "metrics" | "picture" | "current":
                    pass  # sent above; the champion is chosen when all journals have been sent
        self._confirm(self._client.get_run(run_id), events, metrics)

    def kill(self, run_id: str, time: int) -> None:
        """End the run of a training that was killed, at the time of its last sign of life."""
        self._client.set_terminated(run_id, "KILLED", time)

    def _not_shown(self, run_id: str, metrics: Sequence[Metric]) -> list[Metric]:
        """Those that the run lacks; a journal that was written anew tells the same steps at other times."""
        shown: set[tuple[str, int]] = set()
        for name in self._client.get_run(run_id).data.metrics:
            shown |= {(name, point.step) for point in self._client.get_metric_history(run_id, name)}
        return [metric for metric in metrics if (metric.key, metric.step) not in shown]

    def _confirm(self, run: Run, events: Sequence[Event], sent: Sequence[Metric]) -> None:
        """See the newest values that were sent, and how the run ended: a wrong answer must not count as sent."""
        in_order = sorted(_metrics(events), key=lambda metric: (metric.step, metric.timestamp))
        newest = {metric.key: metric for metric in in_order}
        missing: list[str] = []
        for metric in sent:
            shown = run.data.metrics.get(metric.key)
            is_newest = (metric.step, metric.timestamp) == (
                newest[metric.key].step,
                newest[metric.key].timestamp,
            )
            if shown is None or (is_newest and shown != metric.value):
                missing.append(metric.key)
        if missing:
            raise OutageError(
                f"it does not show {len(missing)} figures that it took, the first is {missing[0]}"
            )
        status = {"finish": "FINISHED", "failed": "FAILED"}.get(events[-1].kind)
        if status not in (None, run.info.status):
            raise OutageError(f"it shows the run as {run.info.status} instead of {status}")

    def _start(self, run_id: str, start: Start) -> None:
        params = [Param(name, value) for name, value in start.params.items()]
        tags = [RunTag(name, value) for name, value in start.tags.items()]
        self._client.log_batch(run_id, params=params, tags=tags)
        self._client.log_inputs(run_id, [self._input(dataset) for dataset in start.datasets])
        for name, value in view.tags(start.params.get("rain_types", "").split(", ")).items():
            self._client.set_experiment_tag(self.experiment_id, name, value)

    def _input(self, dataset: Dataset) -> DatasetInput:
        """Data by reference: where it lies and the hash that DVC has of it; nothing is copied."""
        with warnings.catch_warnings():  # two of MLflow's sources claim every local path
            warnings.simplefilter("ignore", UserWarning)
            source = resolve_dataset_source(str(self._root / dataset.path))
        meta = MetaDataset(source, name=dataset.name, digest=dataset.md5)  # type: ignore[abstract]
        tags = {"mlflow.data.context": dataset.context, "dvc.path": dataset.path}
        return DatasetInput(meta._to_mlflow_entity(), [InputTag(name, value) for name, value in tags.items()])

    def _finish(self, run_id: str, start: Start, event: Event) -> None:
        finish = Finish.of(event.content or {})
        tags = {"dvc.stage": "trained_checkpoint", "dvc.out.path": finish.checkpoint, "sha256": finish.sha256}
        self._client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])
        self.registry.register(run_id, start, finish, tags)
        self._client.set_terminated(run_id, "FINISHED", event.time)

    def _create_child(self, start: Start, time: int) -> str:
        tags = {"mlflow.parentRunId": self._table(), KEY_TAG: start.key}
        return self._create(start.variant, time, tags)

    def _table(self) -> str:
        """The parent run of all trainings."""
        tables = self._search(f"tags.`{TABLE_TAG}` = '{TABLE}'")
        if tables:
            return tables[0]
        run_id = self._create(TABLE, None, {TABLE_TAG: TABLE})
        self._client.set_terminated(run_id, "FINISHED")
        return run_id

    def _search(self, condition: str) -> list[str]:
        """Runs of the experiment, in an order that stays."""
        runs = self._client.search_runs([self.experiment_id], condition)
        return sorted(str(run.info.run_id) for run in runs)

    def _create(self, name: str, time: int | None, tags: dict[str, str]) -> str:
        run = self._client.create_run(self.experiment_id, start_time=time, tags=tags, run_name=name)
        return str(run.info.run_id)


def _metrics(events: Sequence[Event]) -> list[Metric]:
    """All figures of the events, a finish's included."""
    metrics: list[Metric] = []
    for event in events:
        figures = event.metrics or {}
        if event.kind == "finish":
            figures = Finish.of(event.content or {}).metrics
        for name, value in figures.items():
            metrics.append(Metric(name, value, event.time, event.step))
    return metrics
