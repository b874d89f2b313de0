"""By what a person finds an asset, and who answers for it: owner, tags, and the lines of its code."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from unirain_assets.figures import Values
from unirain_core.config.pipeline import PIPELINE, Step

_ALLOWED = re.compile(r"[A-Za-z0-9_.\-]{1,63}")
"""Dagster's rule for both sides of a tag."""
_CODE = "dagster/code_references"


def owners(step: Step) -> list[str]:
    """Whom dvc.yaml names."""
    return [step.owner] if step.owner else []


def tags(step: Step) -> dict[str, str]:
    """Stage, key, and the words of the key's own params, such as a variant's split and strategy."""
    words = {"stage": step.stage}
    if step.key is not None:
        words["key"] = step.key
    for name, value in _own_params(step).items():
        if isinstance(value, str) or name == "seed":
            words[name] = str(value)
    return {name: word for name, word in words.items() if _is_allowed(name, word)}


def _own_params(step: Step) -> Mapping[str, object]:
    """The params of the key of a foreach stage; dvc.yaml names them first, before others of the same name."""
    for name, value in step.params.items():
        if name.rpartition(".")[2] == step.key and isinstance(value, Mapping):
            return value
    return {}


def code(root: Path, step: Step) -> Values:
    """Links to the stage's module and to its lines of dvc.yaml; a person's editor opens them."""
    places = [
        (root / "unirain_core" / "stages" / f"{step.stage}.py", "def run("),
        (root / PIPELINE, f"  {step.stage}:"),
    ]
    present = [(file, start) for file, start in places if file.is_file()]
    if not present:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", dg.BetaWarning
        )  # Dagster's pages show such links since its version 1.7
        references = [_reference(file, start) for file, start in present]
        return {_CODE: dg.CodeReferencesMetadataValue(code_references=[*references])}


def _reference(file: Path, start: str) -> dg.LocalFileCodeReference:
    path, line = str(file.absolute()), _line(file, start)
    return dg.LocalFileCodeReference(file_path=path, line_number=line, label=file.name)


def _line(file: Path, start: str) -> int:
    """The number of the first line that begins so; 1 where none does."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.startswith(start)), 1)


def _is_allowed(name: str, word: str) -> bool:
    return bool(_ALLOWED.fullmatch(name) and _ALLOWED.fullmatch(word))
