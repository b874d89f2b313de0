"""The engine of a name."""

import os

from unirain_core.engine.local import LocalEngine
from unirain_core.engine.pools import Engine
from unirain_core.errors import ConfigError

ENGINE = "UNIRAIN_ENGINE"
"""Environment variable: the name of the engine. It is no param: results do not depend on it."""


def make_engine() -> Engine:
    """The engine that UNIRAIN_ENGINE names; `local` where it is unset.

    Raises:
        ConfigError: there is no such engine.
    """
    match os.environ.get(ENGINE) or "local":
        case "local":
            return LocalEngine()
        case "ray":
            from unirain_core.engine.ray import RayEngine  # loads ray, which only the extra [ray] installs

            return RayEngine()
        case name:
            raise ConfigError(f"{ENGINE}: the engines are local and ray (found {name!r}); unset it")
