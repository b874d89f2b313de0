"""MLflow's runs and models, as far as trainings need them; loads mlflow."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from PIL import Image

from unirain_core.tracking import view
from unirain_core.tracking.journal import Event
from unirain_core.tracking.view import EXPERIMENT

TABLE = "ablation"
MODEL = "UniRain"
CHAMPION = "champion"
KEY_TAG, TABLE_TAG, PSNR_TAG = "unirain.key", "unirain.table", "val_psnr"
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
        self._client, self._root = MlflowClient(tracking_uri=uri, registry_uri=uri), root
        self._by_path = not uri.startswith("http")
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            self.experiment_id = str(found.experiment_id)
        else:
            location = artifacts.as_uri() if artifacts else None
            self.experiment_id = str(self._client.create_experiment(EXPERIMENT, artifact_location=location))

    def knows(self, run_id: str) -> bool:
        """Whether the run still exists."""
        try:
            return bool(self._client.get_run(run_id).info.lifecycle_stage == "active")
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise

    def find_or_create(self, start: Event) -> str:
        """The run of a training, by its key."""
        content = _content(start)
        key, variant = str(content["key"]), str(content["variant"])
        known = self._first(f"tags.`{KEY_TAG}` = '{key}' and tags.`mlflow.runName` = '{variant}'")
        if known is not None:
            return known
        tags = {"mlflow.parentRunId": self._table(), KEY_TAG: key}
        return str(self._create(variant, start.time, tags))

    def send(self, run_id: str, events: Sequence[Event], folder: Path) -> None:
        """Send events in their order, metrics in as few calls as possible.

        Args:
            run_id: of the training.
            events: some successive lines of its journal.
            folder: the journal's.
        """
        metrics = [
            Metric(name, value, event.time, event.step)
            for event in events
            for name, value in (event.metrics or {}).items()
        ]
        if events and events[-1].kind not in ("finish", "failed"):
            self._client.update_run(run_id, status="RUNNING")
        for part in (metrics[i : i + BATCH] for i in range(0, len(metrics), BATCH)):
            self._client.log_batch(run_id, metrics=part)
        for event in events:
            match event.kind:
                case "start":
                    self._start(run_id, _content(event))
                case "picture":
                    self._picture(run_id, event, folder / event.file)
                case "failed":
                    self._client.set_terminated(run_id, "FAILED", event.time)
                case "finish":
                    self._finish(run_id, event)
                case "metrics":
                    pass  # sent above

    def _start(self, run_id: str, content: Mapping[str, Any]) -> None:
        params = [Param(name, value) for name, value in content["params"].items()]
        tags = [RunTag(name, value) for name, value in content["tags"].items()]
        self._client.log_batch(run_id, params=params, tags=tags)
        self._client.log_inputs(run_id, [self._input(dataset) for dataset in content["datasets"]])
        for name, value in view.tags(content["params"].get("rain_types", "").split(", ")).items():
            self._client.set_experiment_tag(self.experiment_id, name, value)

    def _input(self, dataset: Mapping[str, str]) -> DatasetInput:
        """Data by reference: where it lies and the hash that DVC has of it; nothing is copied."""
        with warnings.catch_warnings():  # two of MLflow's sources claim every local path
            warnings.simplefilter("ignore", UserWarning)
            source = resolve_dataset_source(str(self._root / dataset["path"]))
        meta = MetaDataset(source, name=dataset["name"], digest=dataset["md5"])  # type: ignore[abstract]
        tags = {"mlflow.data.context": dataset["context"], "dvc.path": dataset["path"]}
        return DatasetInput(meta._to_mlflow_entity(), [InputTag(name, value) for name, value in tags.items()])

    def _picture(self, run_id: str, event: Event, file: Path) -> None:
        if file.exists():  # a person may have thrown it away since
            with Image.open(file) as image:
                self._client.log_image(
                    run_id, image, key=event.name, step=event.step, timestamp=event.time, synchronous=True
                )

    def _finish(self, run_id: str, event: Event) -> None:
        content = _content(event)
        metrics = [Metric(name, value, event.time, event.step) for name, value in content["metrics"].items()]
        tags = {
            "dvc.stage": "trained_checkpoint",
            "dvc.out.path": content["checkpoint"],
            "sha256": content["sha256"],
        }
        self._client.log_batch(run_id, metrics=metrics, tags=[RunTag(n, v) for n, v in tags.items()])
        self._register(run_id, content, tags)
        self._client.set_terminated(run_id, "FINISHED", event.time)

    def _register(self, run_id: str, content: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """The checkpoint as a version of the model; its bytes stay in DVC. The best version is the champion."""
        try:
            self._client.create_registered_model(MODEL)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        versions = list(self._client.search_model_versions(f"name = '{MODEL}'"))
        if all(version.run_id != run_id for version in versions):
            # A server refuses paths that are not its own; there the tags say where the bytes are.
            source = (
                str(self._root / content["checkpoint"]) if self._by_path else f"runs:/{run_id}/checkpoint"
            )
            made = self._client.create_model_version(
                MODEL, source, run_id, tags={**tags, PSNR_TAG: repr(content["psnr"])}
            )
            versions.append(made)
        best = max(versions, key=lambda v: (float(v.tags.get(PSNR_TAG, "-inf")), -int(v.version)))
        self._client.set_registered_model_alias(MODEL, CHAMPION, str(best.version))

    def _table(self) -> str:
        """The parent run of all trainings."""
        known = self._first(f"tags.`{TABLE_TAG}` = '{TABLE}'")
        if known is not None:
            return known
        run_id = self._create(TABLE, None, {TABLE_TAG: TABLE})
        self._client.set_terminated(run_id, "FINISHED")
        return run_id

    def _first(self, condition: str) -> str | None:
        found = self._client.search_runs([self.experiment_id], condition, max_results=1)
        return str(found[0].info.run_id) if found else None

    def _create(self, name: str, time: int | None, tags: dict[str, str]) -> str:
        run = self._client.create_run(self.experiment_id, start_time=time, tags=tags, run_name=name)
        return str(run.info.run_id)


def _content(event: Event) -> Mapping[str, Any]:
    if event.content is None:
        raise ValueError(f"a line of kind '{event.kind}' has no content")
    return event.content
