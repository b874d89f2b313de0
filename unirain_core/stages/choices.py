"""What params can name: tables of names, and what makes a thing of each name."""

import difflib
from collections.abc import Callable, Collection
from inspect import getmembers, ismodule
from types import ModuleType
from typing import Any

from unirain_core.errors import ConfigError


def choices(files: ModuleType, table: str) -> dict[str, Callable[[], Any]]:
    """The choices of all files together.

    Args:
        files: a module that imports the files.
        table: name of the table that a file may have: names, and what makes a thing of each without arguments.
    """
    together: dict[str, Callable[[], Any]] = {}
    for _, file in getmembers(files, ismodule):
        together |= getattr(file, table, {})
    return together


def demand_choice(name: str, names: Collection[str], key: str) -> None:
    """Refuse a name that nothing bears.

    Args:
        name: what params name.
        names: of all that there is.
        key: of params, for the message.

    Raises:
        ConfigError: there is nothing of that name.
    """
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        nearest = f", nearest known: {near[0]}" if near else ""
        raise ConfigError(
            f"params.yaml: {key}: {name!r} is not one of {', '.join(sorted(names))}{nearest}; correct the name"
        )
