"""`unirain verify`: every stored artefact against its hash."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from unirain_core.artefacts.dvc_cache import listing, objects_folder
from unirain_core.artefacts.remote import Remote
from unirain_core.artefacts.sums import damage, is_named, read_named
from unirain_core.cli.locked import damaged_outs
from unirain_core.cli.project import current_root
from unirain_core.cli.witness import hashes
from unirain_core.config.load import read_yaml
from unirain_core.config.lock import LOCK, read_lock
from unirain_core.config.pipeline import PARAMS, Pipeline, read_pipeline
from unirain_core.engine import shared
from unirain_core.engine.collect import remove
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ArtefactError

_OBJECT = re.compile(r"[0-9a-f]{30}(\.dir)?")
"""Name of an object in DVC's cache: its hash without the first two digits, which name its folder."""


def verify() -> None:
    """Check all outs, all finished work and all objects of DVC's cache against their hashes.

    Damaged work and damaged objects of DVC's cache are removed: the work is done again, and DVC would hand the objects out as
    sound. An out that is absent is no damage.

    Raises:
        ConfigError: the current folder is no project.
        ArtefactError: something is damaged; the lines before name it and the command that heals it.
    """
    root = current_root()
    pipeline = read_pipeline(root, read_yaml(root / PARAMS))
    store = WorkStore.at(root, "verify")
    problems = [*_of_outs(root, pipeline), *_of_work(store.home), *_of_cache(root)]
    if store.url:
        problems += _of_shared_work(shared.place(store.url))
    for problem in problems:
        print(problem)
    if problems:
        raise ArtefactError(f"{len(problems)} artefacts are damaged; the lines above name what heals each")
    print("the outs that are there, all finished work and all objects of DVC's cache are what was written")


def _of_outs(root: Path, pipeline: Pipeline) -> Iterator[str]:
    outs = [(out, step) for step in pipeline.steps for out in step.outs]
    damaged = damaged_outs(root, outs, hashes(root, [out for out, _ in outs]))
    for producer, paths in damaged.items():
        for path in paths:
            yield f"{path} differs from its hash in {LOCK}: run `dvc repro --force --single-item {producer}`"


def _of_work(home: Path) -> Iterator[str]:
    """Remove damaged work: it counts as absent anyway, and the next run that needs it does it again."""
    entries = sorted((home / "shards").glob("*/*"))
    with ThreadPoolExecutor() as pool:  # hashing lets the other threads run
        soundness = list(pool.map(_is_whole, entries))
    for entry, is_whole in zip(entries, soundness, strict=True):
        if not is_whole:
            remove(entry)
            yield f"{entry} was damaged and is removed: the next run that needs it does it again"


def _of_shared_work(place: Remote) -> Iterator[str]:
    """As `_of_work`, in the store that several machines share; what one of them is writing has a hidden name."""
    folder = place / "shards"
    names = [name for name in sorted(folder.files()) if not name.rpartition("/")[2].startswith(".")]
    with ThreadPoolExecutor() as pool:
        soundness = list(pool.map(lambda name: _is_as_named(folder / name), names))
    for name, is_sound in zip(names, soundness, strict=True):
        if not is_sound:
            (folder / name).remove()
            yield f"{folder / name} was damaged and is removed: the next run that needs it does it again"


def _is_as_named(entry: Remote) -> bool:
    try:
        return is_named(entry.name, entry.read_bytes())
    except FileNotFoundError:  # another machine has just removed it
        return True


def _is_whole(entry: Path) -> bool:
    return damage(entry) is None if entry.is_dir() else read_named(entry) is not None


def _of_cache(root: Path) -> Iterator[str]:
    cache = objects_folder(root)
    objects = [path for path in sorted(cache.glob("??/*")) if _OBJECT.fullmatch(path.name)]
    with ThreadPoolExecutor() as pool:
        contents = list(pool.map(_md5, objects))
    pairs = zip(objects, contents, strict=True)
    damaged = [path for path, md5 in pairs if path.parent.name + path.name.removesuffix(".dir") != md5]
    owners = _owners(root, cache) if damaged else {}
    for path in damaged:
        path.unlink()
        steps = " ".join(sorted(owners.get(path.parent.name + path.name, set())))
        heal = (
            f"run `dvc repro --force --single-item {steps}`" if steps else f"no listed out of {LOCK} names it"
        )
        yield f"{path} was damaged and is removed from DVC's cache: {heal}"


def _owners(root: Path, cache: Path) -> Mapping[str, set[str]]:
    """Hash of an object to the addresses of the steps whose outs hold it."""
    owners: dict[str, set[str]] = {}
    for address, entry in read_lock(root).items():
        for md5 in entry.outs.values():
            owners.setdefault(md5, set()).add(address)
            for file_md5 in (listing(cache, md5) or {}).values():
                owners.setdefault(file_md5, set()).add(address)
    return owners


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
