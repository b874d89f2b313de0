"""The registered model `UniRain`: versions that name their bytes by content, and the champions among them; loads mlflow."""

from collections.abc import Mapping

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from unirain_core.tracking.events import KEY_TAG, Finish, Start, group_of

MODEL = "UniRain"
CHAMPION = "champion"
PSNR_TAG, GROUP_TAG = "val_psnr", "unirain.group"


class Registry:
    """Versions of one model."""

    def __init__(self, client: MlflowClient) -> None:
        """Speak to a registry."""
        self._client = client

    def register(self, run_id: str, start: Start, finish: Finish, tags: Mapping[str, str]) -> None:
        """Make a finished training a version, unless it is one, and choose its group's champion.

        The bytes stay where DVC and the work store have them; source and tags say which.
        """
        self._make_model()
        of_run = [version for version in self.versions() if version.run_id == run_id]
        if not of_run:
            more = {KEY_TAG: start.key, GROUP_TAG: group_of(start), PSNR_TAG: repr(finish.psnr)}
            self._client.create_model_version(MODEL, _source(finish), run_id, tags={**tags, **more})
        for version in of_run[1:]:  # an answer that was lost had made one already
            self._client.delete_model_version(MODEL, str(version.version))

    def crown(self, current: str) -> None:
        """Let `champion-<group>` name the best version of each group, and `champion` the best of the current group.

        Of equally good versions the first is the champion.
        """
        best: dict[str, ModelVersion] = {}
        for version in self.versions():
            group = version.tags.get(GROUP_TAG)
            if group is not None and (group not in best or _psnr(version) > _psnr(best[group])):
                best[group] = version
        for group, version in best.items():
            self._client.set_registered_model_alias(MODEL, f"{CHAMPION}-{group}", str(version.version))
            if group == current:
                self._client.set_registered_model_alias(MODEL, CHAMPION, str(version.version))

    def versions(self) -> list[ModelVersion]:
        """All versions, the oldest first."""
        versions = self._client.search_model_versions(f"name = '{MODEL}'")
        return sorted(versions, key=lambda version: int(version.version))

    def version(self, name: str) -> ModelVersion:
        """A version by `champion` or another alias, or by its number."""
        if name.isdigit():
            return self._client.get_model_version(MODEL, name)
        return self._client.get_model_version_by_alias(MODEL, name)

    def _make_model(self) -> None:
        try:
            self._client.create_registered_model(MODEL)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


def _source(finish: Finish) -> str:
    """The DVC out and the weights' hash: no path, since the project may move, and a later training fills the out."""
    return f"dvc://{finish.checkpoint}?sha256={finish.sha256}"


def _psnr(version: ModelVersion) -> float:
    try:
        return float(version.tags.get(PSNR_TAG, "-inf"))
    except ValueError:  # a person may have edited it
        return float("-inf")
