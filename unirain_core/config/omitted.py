"""Keys that a params file leaves to a default: a changed default would make results stale unseen, so each must stand there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass

from unirain_core.config.sections import Alignment, Dataset

IN_BRACES = "Where a section is written in braces, write these inside them, with commas."


def omitted_keys(params: object, content: object) -> str:
    """The lines to add to a params file, as text for a person; empty where nothing is missing.

    The optional keys of a dataset may be left out: there an absent value means that the layout decides, or the value
    for all datasets.

    Args:
        params: the checked value, with defaults where the file is silent.
        content: the file as it was read.
    """
    additions = "\n".join(_additions(params, content, ()))
    return f"{additions}\n{IN_BRACES}" if additions else ""


def _additions(section: object, content: object, place: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(content, Mapping) or isinstance(section, Dataset | Alignment):
        return
    if is_dataclass(section) and not isinstance(section, type):
        names = [field.name for field in fields(section)]
        missing = [name for name in names if name not in content]
        if missing:
            yield _addition(section, missing, place)
        children = {name: getattr(section, name) for name in names}
    else:
        children = dict(section) if isinstance(section, Mapping) else {}
    for name, child in children.items():
        if name in content:
            yield from _additions(child, content[name], (*place, name))


def _addition(section: object, missing: list[str], place: tuple[str, ...]) -> str:
    """The lines of one section that the file lacks, indented as they must stand there."""
    indent = "  " * len(place)
    lines = [f"{indent}{name}: {_written(getattr(section, name))}" for name in missing]
    return "\n".join([f"Add under {'.'.join(place)}:", *lines])


def _written(value: object) -> str:
    """A default as YAML."""
    if isinstance(value, str):
        return value
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return json.dumps(plain)
