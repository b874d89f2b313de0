"""MLflow's runs, as far as trainings need them; loads mlflow."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from mlflow import MlflowClient
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from unirain_core.tracking import points, view
from unirain_core.tracking.events import KEY_TAG, Dataset, Event, Finish, Start
from unirain_core.tracking.figures import Figures
from unirain_core.tracking.own_store import PLACE
from unirain_core.tracking.parents import Parents
from unirain_core.tracking.pictures import send_pictures
from unirain_core.tracking.place import Place
from unirain_core.tracking.registry import Registry
from unirain_core.tracking.view import EXPERIMENT

VARIANT_TAG = "unirain.variant"
DESCRIPTION = "mlflow.note.content"
"""Tag that MLflow's page shows as a run's description."""


class Runs:
    """One experiment; a parent run for each table, a child for each training. What exists is not made twice."""

    def __init__(self, uri: str, own: Path | None) -> None:
        """Find or make the experiment.

        Args:
            uri: of the tracking store.
            own: the folder of artefacts of the project's own store; None: a server keeps them.
        """
        self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        self._uri, self._own = uri, own
        self.registry = Registry(self._client)
        experiment = self._client.get_experiment_by_name(EXPERIMENT)
        if experiment is not None:
            self.experiment_id = str(experiment.experiment_id)
        else:
            location = None if own is None else PLACE
            self.experiment_id = str(self._client.create_experiment(EXPERIMENT, artifact_location=location))
        self._parents = Parents(self._client, self.experiment_id)

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
        """The run of a training, by its key and variant.

        An answer that was lost or wrong can have led to a second run of the same training; it is deleted.
        """
        first, *others = self._search(start) or [self._create(start, time)]
        for run_id in others:
            self._client.delete_run(run_id)
        return first

    def send(self, run_id: str, start: Start, events: Sequence[Event], sent: int, folder: Path) -> None:
        """Send a journal's events from one on, and see that the run shows them.

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
        new = points.points_of(events[sent:])
        if sent == 0:
            new = points.not_shown(self._client, run_id, new)
        points.send_points(self._client, run_id, new)
        self._send_files(run_id, events[sent:], folder)
        for event in events[sent:]:
            match event.kind:
                case "start":
                    self._start(run_id, start)
                case "failed":
                    self._client.set_terminated(run_id, "FAILED", event.time)
                case "finish":
                    self._finish(run_id, start, event)
                case "metrics" | "picture" | "file" | "current":
                    pass  # sent above; the champion is chosen when all journals have been sent
        points.confirm(self._client.get_run(run_id), events, new)

    def send_figures(self, run_id: str, figures: Figures) -> None:
        """Send a training's figures in the tables to its run, and the tables to the run and its parent.

        Raises:
            OutageError: MLflow says that it took them and does not show them.
        """
        at_step_0 = [Metric(name, value, figures.time, 0) for name, value in figures.metrics.items()]
        points.send_points(self._client, run_id, at_step_0)
        run = self._client.get_run(run_id)
        points.confirm_values(run, figures.metrics)
        parent = self._client.get_run(run.data.tags["mlflow.parentRunId"])
        for of in (run, parent):
            Place(of, self._uri, self._own).send_all(figures.tables, "tables")
        self._parents.describe(parent, figures)

    def kill(self, run_id: str, time: int) -> None:
        """End the run of a training that was killed, at the time of its last sign of life."""
        self._client.set_terminated(run_id, "KILLED", time)

    def _send_files(self, run_id: str, events: Sequence[Event], folder: Path) -> None:
        pictures = [event for event in events if event.kind == "picture"]
        files = {event.name: folder / event.file for event in events if event.kind == "file"}
        if not pictures and not files:
            return
        place = Place(self._client.get_run(run_id), self._uri, self._own)
        send_pictures(self._client, place, run_id, pictures, folder)
        place.send_all(files, "training")

    def _start(self, run_id: str, start: Start) -> None:
        params = [Param(name, value) for name, value in start.params.items()]
        tags = [RunTag(name, value) for name, value in start.tags.items()]
        if start.description:
            tags.append(RunTag(DESCRIPTION, start.description))
        self._client.log_batch(run_id, params=params, tags=tags)
        self._client.log_inputs(run_id, [self._input(dataset) for dataset in start.datasets])
        for name, value in view.tags(start.params).items():
            self._client.set_experiment_tag(self.experiment_id, name, value)

    def _input(self, dataset: Dataset) -> DatasetInput:
        """Data by reference: where it lies and the hash that DVC has of it; nothing is copied."""
        with warnings.catch_warnings():  # two of MLflow's sources claim every local path
            warnings.simplefilter("ignore", UserWarning)
            source = resolve_dataset_source(dataset.path)  # relative: the project may move
        meta = MetaDataset(source, name=dataset.name, digest=dataset.md5)  # type: ignore[abstract]
        tags = {"mlflow.data.context": dataset.context, "dvc.path": dataset.path}
        return DatasetInput(meta._to_mlflow_entity(), [InputTag(name, value) for name, value in tags.items()])

    def _finish(self, run_id: str, start: Start, event: Event) -> None:
        finish = Finish.of(event.content or {})
        tags = {"dvc.stage": "trained_checkpoint", "dvc.out.path": finish.checkpoint, "sha256": finish.sha256}
        self._client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])
        self.registry.register(run_id, start, finish, tags)
        self._client.set_terminated(run_id, "FINISHED", event.time)

    def _search(self, start: Start) -> list[str]:
        """Runs of a training, in an order that stays; an older program's bear the variant as their name alone."""
        runs = self._client.search_runs([self.experiment_id], f"tags.`{KEY_TAG}` = '{start.key}'")
        own = [r for r in runs if r.data.tags.get(VARIANT_TAG, r.info.run_name) == start.variant]
        return sorted(str(run.info.run_id) for run in own)

    def _create(self, start: Start, time: int) -> str:
        tags = {
            "mlflow.parentRunId": self._parents.find_or_create(start),
            KEY_TAG: start.key,
            VARIANT_TAG: start.variant,
        }
        name = start.name or start.variant
        run = self._client.create_run(self.experiment_id, start_time=time, tags=tags, run_name=name)
        return str(run.info.run_id)
