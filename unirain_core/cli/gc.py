"""`unirain gc`: remove finished work that nothing refers to any more."""

import contextlib
import json
from pathlib import Path

from unirain_core.artefacts import paths
from unirain_core.cli.merge import merge
from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, PIPELINE, read_pipeline
from unirain_core.engine.life import lock
from unirain_core.engine.store import WorkStore, collect, remove, size_of
from unirain_core.tracking.kept import kept_keys


def gc() -> None:
    """Delete finished work that no stage used in its latest run, and say what that freed; put small pieces together.

    The work of a stage whose latest run was interrupted stays.

    Raises:
        BusyError: a stage is running.
    """
    home = WorkStore.at(Path.cwd(), "gc").home
    with contextlib.ExitStack() as locks:
        for file in sorted((home / "locks").glob("*.lock")):
            locks.enter_context(lock(file, f"stage '{file.stem}'"))
        registered = [home / "shards" / "trained_checkpoint" / key for key in kept_keys(home)]
        # versions of the model name these bytes
        collection = collect(home, named=registered, owners=_owners(Path.cwd()))
        collections, freed = _remove_old_collections(home)
        merged = merge(home)
    print(
        f"{len(collection.removed)} pieces of finished work and {collections} old collections removed, "
        f"{(collection.freed + freed) / 1e6:.1f} MB freed"
    )
    if merged.parts:
        print(f"{merged.parts} small pieces of finished work put together in {merged.wholes}")
    if collection.kept_for:
        print(
            f"kept whole, since the latest run was interrupted or nothing is known of it: {', '.join(collection.kept_for)}; "
            "run `dvc repro` to the end, then `unirain gc` again"
        )


def _owners(root: Path) -> set[str] | None:
    """Addresses of all steps that can run; None where no project says so."""
    if not (root / PIPELINE).exists():
        return None
    return {step.address for step in read_pipeline(root, read_yaml(root / PARAMS)).steps}


def _remove_old_collections(home: Path) -> tuple[int, int]:
    """Remove the embedded engine's collections but for the one that the pipeline's database names.

    Where the database cannot say which one that is, all stay: they can be filled again, but a stage may be about to use one.

    Returns:
        How many were removed, and their bytes.
    """
    file = Path.cwd() / paths.DATABASE / "collection.json"
    try:
        current = json.loads(file.read_bytes())["collection"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0
    number, freed = 0, 0
    for path in sorted((home / "qdrant").glob("*")):
        if path.name not in (current, f"{current}.lock"):
            number, freed = number + path.is_dir(), freed + size_of(path)
            remove(path)
    return number, freed
