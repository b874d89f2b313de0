"""A run's pictures in MLflow: each under a name that is a function of its event; loads mlflow."""

import hashlib
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlflow import MlflowClient
from PIL import Image

from unirain_core.tracking.events import Event
from unirain_core.tracking.place import Place

logger = logging.getLogger(__name__)

_FOLDER = "images"
_PREVIEW = 256
"""Longest side, in pixels, of the small picture that MLflow's page shows first."""


def send_pictures(
    client: MlflowClient, place: Place, run_id: str, events: Sequence[Event], folder: Path
) -> None:
    """Send the pictures of some events and see that they are listed; sending one again replaces its files.

    Args:
        client: of MLflow.
        place: of the run's files.
        run_id: of the training.
        events: some that are pictures.
        folder: the journal's.

    Raises:
        OutageError: MLflow says that it took them and does not list them.
    """
    listed = place.names(_FOLDER)
    names: set[str] = set()
    for event in events:
        stem = f"{_FOLDER}/{event.name}+step+{event.step}+"
        if sum(path.startswith(stem) for path in listed) >= 2:  # a picture and its preview
            continue
        image = _opened(folder / event.file)
        if image is None:
            continue
        preview = image.copy()
        preview.thumbnail((_PREVIEW, _PREVIEW))
        with tempfile.TemporaryDirectory() as partial:
            for name, content in zip(_names(event), (image, preview), strict=True):
                content.save(Path(partial) / name)
                place.send(Path(partial) / name, _FOLDER)
                names.add(f"{_FOLDER}/{name}")
    if names:
        place.demand(names, _FOLDER)
        client.set_tag(run_id, "mlflow.loggedImages", "True")


def _names(event: Event) -> tuple[str, str]:
    """Picture and preview, as `MlflowClient.log_image` names them, but for the random part of its names."""
    unique = hashlib.sha256(f"{event.name} {event.step} {event.time}".encode()).hexdigest()[:32]
    stem = f"{event.name}+step+{event.step}+timestamp+{event.time}+{unique}"
    return f"{stem}.png", f"{stem}+compressed.webp"


def _opened(file: Path) -> Image.Image | None:
    """The journal's picture; None where somebody threw it away, or it is damaged."""
    try:
        with Image.open(file) as opened:
            return opened.convert("RGB")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        logger.warning("%s is damaged (%s): MLflow does not get this picture", file, error)
        return None
