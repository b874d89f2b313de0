"""The parent runs: one for each table, above the trainings whose figures can be compared; loads mlflow."""

from mlflow import MlflowClient
from mlflow.entities import Run

from unirain_core.tracking.events import Start, group_of
from unirain_core.tracking.figures import Figures

TABLE_TAG = "unirain.table"
_NOTE = "mlflow.note.content"
"""Tag that MLflow's page shows as a run's description."""
_SHOWN = "table1.md"


class Parents:
    """Parent runs of one experiment."""

    def __init__(self, client: MlflowClient, experiment_id: str) -> None:
        """Speak to MLflow."""
        self._client, self._experiment_id = client, experiment_id

    def find_or_create(self, start: Start) -> str:
        """The parent of a training: that of its group."""
        group = group_of(start)
        tables = self._client.search_runs([self._experiment_id], f"tags.`{TABLE_TAG}` = '{group}'")
        if tables:
            return min(str(run.info.run_id) for run in tables)
        profile, rain_types = start.tags.get("unirain.profile", ""), start.params.get("rain_types", "")
        name = f"table {profile} {group}"
        note = (
            f"Trainings of the profile `{profile}` on the rain types {rain_types}, with the same pairs of val: "
            "their figures can be compared. `unirain.group` of a version of the model is the same as the end of this name."
        )
        tags = {TABLE_TAG: group, _NOTE: note}
        run = self._client.create_run(self._experiment_id, tags=tags, run_name=name)
        self._client.set_terminated(run.info.run_id, "FINISHED")
        return str(run.info.run_id)

    def describe(self, parent: Run, figures: Figures) -> None:
        """Let a parent's description be its table as the stage wrote it last."""
        if _SHOWN in figures.tables:
            text = figures.tables[_SHOWN].read_text(encoding="utf-8")
            self._client.set_tag(str(parent.info.run_id), _NOTE, text)
