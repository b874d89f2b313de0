"""The labels of all people of a project: the CSV files of one folder, which git tracks."""

from pathlib import Path

from unirain_core.artefacts import paths
from unirain_core.distill import labels
from unirain_core.distill.labels import Label


def of_people(root: Path) -> list[Label]:
    """All people's labels, one for each person and pair.

    The files are read in the order of their names. A label of a later file replaces one of an earlier file.

    Raises:
        ConfigError: a line is malformed; the message names file and line.
    """
    said: dict[tuple[str, str], Label] = {}
    for file in sorted((root / paths.LABELS).glob("*.csv")):
        for label in labels.read(file):
            said[label.person, label.pair_id] = label
    return list(said.values())
