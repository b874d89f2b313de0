"""The folders of foreach stages: one for each key of params."""

import logging
import shutil
from collections.abc import Container
from pathlib import Path

logger = logging.getLogger(__name__)


def remove_unnamed(folder: Path, keys: Container[str], section: str) -> None:
    """Remove the folders of keys that params does not name: DVC never removes the outs of a key that is gone.

    Args:
        folder: the common folder of a stage's partitions; it may be absent, and files in it stay.
        keys: of the section.
        section: of params, for the log.
    """
    for partition in sorted(folder.iterdir()) if folder.is_dir() else ():
        if partition.is_dir() and partition.name not in keys:
            shutil.rmtree(partition)
            logger.info("removed %s: %s of params.yaml does not name it", partition, section)
