"""The params of a project as every command reads them: each value by itself, and each name by what there is."""

from pathlib import Path

from unirain_core.config import load
from unirain_core.config.params import Params
from unirain_core.config.pipeline import PARAMS


def load_params(root: Path) -> Params:
    """Read and check the params of a project.

    Raises:
        ConfigError: the file is absent or no YAML, or a key or a value is wrong.
    """
    params = load.load_params(root / PARAMS)
    demand_names(params)
    return params


def demand_names(params: Params) -> None:
    """Refuse a judge or an encoder that there is not.

    Raises:
        ConfigError: there is nothing of a name.
    """
    from unirain_core.stages import names  # loads NumPy, and files that may be edited

    names.demand_names(params)
