"""What the command line adds to an error: the catalogue's advice, or that a command stands outside of a project.

No stage depends on the catalogue's wording, or on the folder in which somebody stands.
"""

from pathlib import Path

from unirain_core.cli.project import project_root
from unirain_core.errors import EmptyTypeError, MissingArtefactError, UniRainError


def message(error: UniRainError) -> str:
    """The text of an error, with the downloads that would bring pairs of the rain types which it names.

    Outside of a project no stage can write a missing file, so that the remedy is another.
    """
    if isinstance(error, MissingArtefactError) and project_root(Path.cwd()) is None:
        return f"{error.path} does not exist, and {Path.cwd()} is in no project; run from the root of the project"
    if not isinstance(error, EmptyTypeError):
        return str(error)
    from unirain_core.sources import catalogue  # read only where it is needed: the file is large

    known = catalogue.load()
    advice = "; ".join(f"{rain_type}: {known.advice(rain_type)}" for rain_type in error.rain_types)
    return f"{error}. Data for it: {advice}"
