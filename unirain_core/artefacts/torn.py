"""Whether the two files that DVC overwrites in place are whole, or what a kill left of them."""

import json
from collections.abc import Mapping
from pathlib import Path

from unirain_core.config.load import read_yaml
from unirain_core.errors import ConfigError

LOCK = Path("dvc.lock")
TMP = Path(".dvc/tmp")
RWLOCK = TMP / "rwlock"

_ITEM_FIELDS = {"path", "md5", "size"}
"""Fields that DVC writes of each file, in this order; of a folder also `nfiles`, as the last."""


def is_whole_lock_file(root: Path, file: Path) -> bool:
    """Whether a dvc.lock, or a copy of one, has its end and every field.

    Only the last entry can lack something: DVC writes the file from its beginning to its end.

    Args:
        root: the project's root, whose dvc.yaml says which stages have outs.
        file: the lock or its copy.
    """
    if not file.read_bytes().endswith(b"\n"):
        return False
    try:
        content = read_yaml(file)
    except ConfigError:
        return False
    stages = content.get("stages") if isinstance(content, dict) and "schema" in content else None
    if not isinstance(stages, dict) or not all(isinstance(entry, dict) for entry in stages.values()):
        return False
    if not stages:
        return True
    name, last = list(stages.items())[-1]
    return _has_its_outs(last) or ("outs" not in last and not _declares_outs(root, str(name)))


def _has_its_outs(entry: Mapping[str, object]) -> bool:
    """Whether a step's entry has its end: its outs stand last, and the last of them has every field."""
    outs = entry.get("outs")
    if not isinstance(outs, list) or not outs or not all(isinstance(out, dict) for out in outs):
        return False
    last = outs[-1]
    if "files" in last:  # what DVC writes of a folder in a remote with versions
        return True
    is_folder = str(last.get("md5", "")).endswith(".dir")
    return set(last) >= (_ITEM_FIELDS | {"nfiles"} if is_folder else _ITEM_FIELDS)


def _declares_outs(root: Path, address: str) -> bool:
    """Whether dvc.yaml gives a stage outs; yes where it cannot say, since the entry is then kept for nothing."""
    try:
        content = read_yaml(root / "dvc.yaml")
    except ConfigError:
        return True
    stages = content.get("stages") if isinstance(content, dict) else None
    body = stages.get(address.partition("@")[0]) if isinstance(stages, dict) else None
    if not isinstance(body, dict):
        return True
    do = body.get("do", body)
    return not isinstance(do, dict) or any(do.get(section) for section in ("outs", "metrics", "plots"))


def is_whole_rwlock(root: Path) -> bool:
    """Whether DVC can read its list of the files that running commands hold; none is whole too."""
    try:
        content = json.loads((root / RWLOCK).read_bytes())
    except FileNotFoundError:
        return True
    except ValueError:  # no JSON, or no UTF-8
        return False
    return isinstance(content, dict) and all(isinstance(part, dict) for part in content.values())
