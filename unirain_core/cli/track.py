"""`unirain track`: send to MLflow what an outage kept back."""

from pathlib import Path

from unirain_core.cli.project import current_root
from unirain_core.engine.life import is_held
from unirain_core.engine.store import WorkStore
from unirain_core.errors import without_password
from unirain_core.tracking.connection import tracking_uri
from unirain_core.tracking.kept import keep_only
from unirain_core.tracking.own_store import is_own
from unirain_core.tracking.settle import IsRunning, registered_keys, replay_all


def track() -> None:
    """Send every training's journal to MLflow as far as it has not seen it; sending twice changes nothing.

    A run whose training was killed ends as killed, and the best training of the current params is the champion.

    Raises:
        MissingInputError: MLflow did not take it.
    """
    root = current_root()
    home = WorkStore.at(root, "track").home
    sent = replay_all(home / "runs", root, trains_now(home))
    if not sent:
        print("no training has a journal yet: there is nothing to send")
    for folder, lines in sent.items():
        print(f"{folder.name}: {lines} lines sent to {without_password(tracking_uri(root))}")
    # another store's registry, such as a server's, may name trainings of which this one knows nothing
    if sent and is_own():
        keep_only(home, registered_keys(root))


def trains_now(home: Path) -> IsRunning:
    """Whether a process trains a variant at the moment: it then holds the lock of its stage."""
    return lambda variant: is_held(home / "locks" / f"trained_checkpoint@{variant}.lock")
