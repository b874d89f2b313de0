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
    return params_of(load.read_yaml(root / PARAMS))


def params_of(content: object) -> Params:
    """Check what was read of a project's params.

    Raises:
        ConfigError: a key or a value is wrong.
    """
    from unirain_core.stages.names import demand_names  # loads NumPy

    params = load.params_of(content, PARAMS)
    demand_names(params)
    return params
