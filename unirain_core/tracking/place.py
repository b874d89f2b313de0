"""The place of a run's files in MLflow; loads mlflow.

The project's own store names its places `mlflow-artifacts:/RUN/artifacts`, relative to the folder of artefacts that its server is
started with, so that a project may be moved or copied. Whoever writes without a server resolves them here.
"""

from collections.abc import Mapping
from pathlib import Path

from mlflow.entities import Run
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from unirain_core.tracking.outage import OutageError
from unirain_core.tracking.own_store import PLACE


class Place:
    """The files of one run."""

    def __init__(self, run: Run, uri: str, own: Path | None) -> None:
        """Find the place.

        Args:
            run: as MLflow shows it.
            uri: of the tracking store.
            own: the folder of artefacts of the project's own store; None: a server keeps them.

        Raises:
            OutageError: the run names no place; a wrong answer could name the current folder.
        """
        run_id, place = str(run.info.run_id), str(run.info.artifact_uri)
        if run_id not in place or not (place.startswith("/") or ":/" in place):
            raise OutageError(f"it names no place for the files of run {run_id} (found {place!r})")
        if own is not None and place.startswith(PLACE):
            place = (own / place.removeprefix(PLACE).lstrip("/")).as_uri()
        self._repository: ArtifactRepository = get_artifact_repository(place, tracking_uri=uri)

    def names(self, folder: str) -> set[str]:
        """Paths of the files in a folder, relative to the place."""
        return {str(file.path) for file in self._repository.list_artifacts(folder)}

    def send(self, file: Path, folder: str) -> None:
        """Put a copy of a file into a folder of the place; one of its name is replaced."""
        self._repository.log_artifact(str(file), folder)  # type: ignore[no-untyped-call]

    def send_all(self, files: Mapping[str, Path], folder: str) -> None:
        """Put copies of files into a folder and see that they are listed; those that are gone are passed over.

        Args:
            files: name to file; the file bears the same name.
            folder: of the place.

        Raises:
            OutageError: MLflow says that it took them and does not list them.
        """
        there = {name: file for name, file in files.items() if file.is_file()}
        for file in there.values():
            self.send(file, folder)
        if there:
            self.demand({f"{folder}/{name}" for name in there}, folder)

    def demand(self, names: set[str], folder: str) -> None:
        """See that files are listed.

        Raises:
            OutageError: some are not.
        """
        missing = names - self.names(folder)
        if missing:
            raise OutageError(
                f"it does not list {len(missing)} files that it took, the first is {min(missing)}"
            )
