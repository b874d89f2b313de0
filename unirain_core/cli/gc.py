"""`unirain gc`: remove finished work that nothing refers to any more."""

import contextlib
import json
from pathlib import Path

from unirain_core.artefacts import paths
from unirain_core.engine.life import lock
from unirain_core.engine.store import WorkStore, collect, remove
from unirain_core.errors import SchemaError


def gc() -> None:
    """Remove what the last run of no stage referred to, and say how much that freed.

    Raises:
        BusyError: a stage is running.
    """
    home = WorkStore.at(Path.cwd(), "gc").home
    before = _size(home)
    with contextlib.ExitStack() as locks:
        for file in sorted((home / "locks").glob("*.lock")):
            locks.enter_context(lock(file, f"stage '{file.stem}'"))
        removed = [*collect(home), *_old_collections(home)]
    print(f"{len(removed)} pieces of finished work removed, {(before - _size(home)) / 1e6:.1f} MB freed")


def _old_collections(home: Path) -> list[Path]:
    """Remove the embedded engine's collections but for the one that the pipeline's database names."""
    file = Path.cwd() / paths.DATABASE / "collection.json"
    try:
        current = json.loads(file.read_text(encoding="utf-8"))["collection"] if file.exists() else ""
    except (ValueError, KeyError):
        raise SchemaError(f"{file} is damaged; run `dvc repro --force real_rain_database`") from None
    old = [f for f in sorted((home / "qdrant").glob("*")) if f.name not in (current, f"{current}.lock")]
    for path in old:
        remove(path)
    return old


def _size(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
