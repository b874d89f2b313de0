"""Places inside of DVC's outs, into which no command writes for a person: DVC removes them before their stage runs."""

from pathlib import Path

from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, PIPELINE, read_pipeline
from unirain_core.errors import ConfigError


def demand_outside_of_outs(root: Path | None, place: Path) -> None:
    """Refuse a file or a folder that a stage would remove.

    Args:
        root: of the project; None: there is none, so there are no outs.
        place: that a person has named.

    Raises:
        ConfigError: it is an out of a stage, or lies in one.
    """
    if root is None or not all((root / file).is_file() for file in (PIPELINE, PARAMS)):
        return
    try:
        pipeline = read_pipeline(root, read_yaml(root / PARAMS))
    except (
        ConfigError
    ):  # derained photos and labels do not need params, so a mistake in them stops no such work
        return
    outs = {out for step in pipeline.steps for out in step.outs} | pipeline.shared_folders
    for out in sorted(outs):
        if place.resolve().is_relative_to((root / out).resolve()):
            raise ConfigError(
                f"{place} lies in {out}, which a stage of {PIPELINE} writes: its next run would remove it; name another place"
            )
