"""`unirain gc`: remove finished work that nothing refers to any more."""

import contextlib
import json
from pathlib import Path

from unirain_core.artefacts import paths
from unirain_core.artefacts.remote import Remote
from unirain_core.cli.merge import merge
from unirain_core.cli.project import own_work
from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, PIPELINE, read_pipeline
from unirain_core.engine import shared, uses
from unirain_core.engine.collect import Collected, collect, collect_shared, remove, size_of
from unirain_core.engine.life import lock
from unirain_core.engine.store import WorkStore
from unirain_core.tracking.kept import kept_keys


def gc() -> None:
    """Delete finished work that no stage used in its latest run, and say what that freed; put small pieces together.

    The work of a stage whose latest run was interrupted stays. So does, in a store that several machines share, what another
    machine's latest run used.

    Raises:
        ConfigError: there is no project here.
        BusyError: a stage is running.
    """
    root = own_work()
    store = WorkStore.at(root, "gc")
    home = store.home
    with contextlib.ExitStack() as locks:
        for file in sorted((home / "locks").glob("*.lock")):
            locks.enter_context(lock(file, f"stage '{file.stem}'"))
        registered = [home / "shards" / "trained_checkpoint" / key for key in kept_keys(home)]
        # versions of the model name these bytes
        owners = _owners(root)
        collection = collect(home, named=registered, owners=owners)
        collections, freed = _remove_old_collections(root, home)
        print(
            f"{len(collection.removed)} pieces of finished work and {collections} old collections removed, "
            f"{(collection.freed + freed) / 1e6:.1f} MB freed"
        )
        if not store.url:  # there, these are copies of files that other machines know by their names
            _merge(home)
        _tell_what_stays(collection)
        if store.url:
            _collect_shared(shared.place(store.url), home, registered, owners)


def _merge(home: Path) -> None:
    merged = merge(home)
    if merged.parts:
        print(f"{merged.parts} small pieces of finished work put together in {merged.wholes}")


def _collect_shared(place: Remote, home: Path, registered: list[Path], owners: set[str] | None) -> None:
    """Likewise in the store that several machines share, by the lists of all machines."""
    collection = collect_shared(place, home, named=registered, owners=owners)
    print(
        f"{place}: {len(collection.removed)} pieces of finished work removed, {collection.freed / 1e6:.1f} MB freed"
    )
    _tell_what_stays(collection)
    here = uses.machine(home)
    others = sorted({machine for machine, _ in uses.of_shared(place)} - {here})
    if others:
        print(
            f"the work that other machines used stays; this one is {here}; where another one is gone for ever, "
            f"remove its lists: {', '.join(str(place / 'used' / machine) for machine in others)}"
        )


def _tell_what_stays(collection: Collected) -> None:
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


def _remove_old_collections(root: Path, home: Path) -> tuple[int, int]:
    """Remove the embedded engine's collections but for the one that the pipeline's database names.

    Where the database cannot say which one that is, all stay: they can be filled again, but a stage may be about to use one.

    Returns:
        How many were removed, and their bytes.
    """
    file = root / paths.DATABASE / "collection.json"
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
