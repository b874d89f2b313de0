"""The run that a journal was sent to, and how many lines it has: a file beside the journal, which may be damaged or gone."""

import json
import logging
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from unirain_core.artefacts.whole import write_text
from unirain_core.tracking.aside import put_aside

logger = logging.getLogger(__name__)

FILE = "mlflow.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A journal's run."""

    tracking_uri: str
    """Of the store, without a password; empty: the project's own file, wherever the project lies."""
    experiment_id: str
    run_id: str
    store: str = ""
    """`store_identity` when the lines were sent."""
    sent: int = 0
    """Lines that the run has."""
    fingerprint: str = ""
    """Of these lines: a journal that was damaged since is sent anew."""
    is_killed: bool = False
    """Whether the run says that its training was killed."""
    figures: str = ""
    """Fingerprint of the figures in the tables that the run has."""


def load(folder: Path) -> Link | None:
    """The link beside a journal; None where there is none that can be read."""
    file = folder / FILE
    try:
        content = json.loads(file.read_bytes())
        names = {field.name for field in fields(Link)}
        link = Link(**{name: value for name, value in content.items() if name in names})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        logger.warning("%s is damaged (%s): its run is looked up anew", file, error)
        return None
    texts = (link.tracking_uri, link.experiment_id, link.run_id, link.store, link.fingerprint, link.figures)
    if not all(isinstance(text, str) for text in texts) or type(link.sent) is not int or link.sent < 0:
        logger.warning("%s is damaged: its run is looked up anew", file)
        return None
    return link


def save(folder: Path, link: Link) -> None:
    """Write the link, whole or not at all."""
    if (folder / FILE).is_dir():
        put_aside(folder / FILE)
    write_text(folder / FILE, json.dumps(asdict(link), indent=2) + "\n")
