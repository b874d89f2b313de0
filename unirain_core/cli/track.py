"""`unirain track`: send to MLflow what an outage kept back."""

from pathlib import Path

from unirain_core.engine.store import WorkStore
from unirain_core.tracking.journal import folders
from unirain_core.tracking.mirror import replay, tracking_uri


def track() -> None:
    """Send every training's journal to MLflow as far as it has not seen it; sending twice changes nothing.

    Raises:
        MissingInputError: MLflow did not take it.
    """
    root = Path.cwd()
    for folder in folders(WorkStore.at(root, "track").home / "runs"):
        print(f"{folder.name}: {replay(folder, root)} lines sent to {tracking_uri(root)}")
