"""dvc.lock: what every step last ran with."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unirain_core.config.load import read_yaml
from unirain_core.errors import ConfigError

LOCK = "dvc.lock"
CONFLICT = (
    "dvc.lock holds the marks of a merge conflict, so DVC cannot read it: "
    "run `git checkout --ours dvc.lock`, then `dvc repro`"
)
"""It is a person's to settle whose results are kept."""
_MARKS = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A step's entry of dvc.lock: what it last ran with."""

    command: str
    params: Mapping[str, object]
    deps: Mapping[str, str]
    """Path to DVC's hash."""
    outs: Mapping[str, str]


def read_lock(root: Path) -> dict[str, Locked]:
    """All entries by address; none where dvc.lock does not exist.

    Raises:
        ConfigError: dvc.lock is no YAML or half of it, for instance because DVC is writing it at this moment, or git left a
            conflict in it.
    """
    try:
        content = read_yaml(root / LOCK) if (root / LOCK).exists() else None
    except ConfigError:
        if has_conflict_marks(root / LOCK):
            raise ConfigError(CONFLICT) from None
        raise
    stages = content.get("stages") if isinstance(content, dict) else None
    try:
        return {str(address): _locked(entry) for address, entry in (stages or {}).items()}
    except (AttributeError, KeyError, TypeError):  # half of a file that still is YAML
        raise ConfigError(f"{LOCK} is torn; run `unirain prepare`, which puts it right") from None


def readable_lock(root: Path) -> dict[str, Locked]:
    """All entries; none where dvc.lock cannot be read, for what only shows them must not fail while DVC writes it."""
    try:
        return read_lock(root)
    except ConfigError:
        return {}


def has_conflict_marks(file: Path) -> bool:
    """Whether git left a conflict in a file."""
    return _MARKS.search(file.read_bytes()) is not None


def tree_hash(files: Mapping[str, str]) -> str:
    """DVC's hash of a folder with these files, relative path to hash."""
    entries = [{"md5": files[path], "relpath": path} for path in sorted(files)]
    text = json.dumps(entries, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"


def content_hash(path: Path) -> str:
    """DVC's hash of a file or a folder as it is now; empty where there is none."""
    if path.is_dir():
        return tree_hash({file.relative_to(path).as_posix(): file_hash(file) for file in _files(path)})
    return file_hash(path) if path.exists() else ""


def file_hash(path: Path) -> str:
    """DVC's hash of a file."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """The files of a folder that DVC sees: .dvcignore leaves out bytecode."""
    return (f for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts)


def _locked(entry: Mapping[str, object]) -> Locked:
    def hashes(section: str) -> dict[str, str]:
        items = entry.get(section)
        return {str(i["path"]): str(i.get("md5", "")) for i in items} if isinstance(items, list) else {}

    params = entry.get("params")
    values = params.get("params.yaml", {}) if isinstance(params, dict) else {}
    return Locked(command=str(entry.get("cmd")), params=values, deps=hashes("deps"), outs=hashes("outs"))
