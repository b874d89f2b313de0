"""The bytes of a registered version: found by content, wherever they lie."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from unirain_core.artefacts import paths
from unirain_core.errors import ConfigError, MissingInputError, without_password
from unirain_core.tracking.connection import open_runs, tracking_uri
from unirain_core.tracking.events import KEY_TAG
from unirain_core.tracking.outage import OutageError, guarded

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

WEIGHTS = "model.safetensors"
"""As `model.checkpoint` names it, which stands above this package."""

_NAME = re.compile(r"(?:models:/)?UniRain(?:/(?P<version>\d+)|@(?P<alias>[\w-]+))")


def is_version(name: str) -> bool:
    """Whether a name is one of a registered version: `models:/UniRain@champion`, `UniRain/3`."""
    return _NAME.fullmatch(name) is not None


def checkpoint_of(name: str, root: Path, home: Path) -> Path:
    """The folder that holds a version's checkpoint, its weights verified.

    Args:
        name: `models:/UniRain@champion`, `UniRain/3`.
        root: the project's root.
        home: of the work store.

    Raises:
        ConfigError: the name is none of a version.
        MissingInputError: there is no such version, MLflow does not answer, or its bytes are not on this machine.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ConfigError(
            f"'{name}' names no version: write UniRain@champion, or UniRain/3 for its third version"
        )
    number_or_alias = match["version"] or match["alias"]
    try:
        version = guarded(lambda: open_runs(root).registry.version(number_or_alias))
    except OutageError as error:
        raise MissingInputError(
            f"MLflow at {without_password(tracking_uri(root))} names no version {name} ({error}): finish a training, or "
            "send finished ones with `unirain track`"
        ) from None
    sha256 = version.tags.get("sha256", "")
    for folder in _places(version, root, home):
        if _hash(folder / WEIGHTS) == sha256:
            return folder
    raise MissingInputError(_absence(name, version.tags))


def _places(version: "ModelVersion", root: Path, home: Path) -> Iterator[Path]:
    """Folders that may hold the bytes, the likeliest first."""
    yield home / "shards" / "trained_checkpoint" / version.tags.get(KEY_TAG, "-")
    yield from sorted((root / paths.CHECKPOINT).parent.glob("*"))


def _hash(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None


def _absence(name: str, tags: Mapping[str, str]) -> str:
    out = tags.get("dvc.out.path", "data/checkpoints")
    return (
        f"the weights of {name} (SHA-256 {tags.get('sha256', 'unknown')[:12]}) are not on this machine: check out the "
        f"commit that trained them (its MLflow run names it) and run `dvc checkout {out}`, or `dvc pull {out}`; "
        f"or train again with `dvc repro`"
    )
