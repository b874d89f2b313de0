"""`unirain verify`: every stored artefact against its hash."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from unirain_core.artefacts.sums import damage, read_named
from unirain_core.cli.locked import CACHE, damaged_outs
from unirain_core.cli.witness import hashes
from unirain_core.config.load import read_yaml
from unirain_core.config.lock import LOCK, read_lock
from unirain_core.config.pipeline import PARAMS, Pipeline, read_pipeline
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ArtefactError

_OBJECT = re.compile(r"[0-9a-f]{30}(\.dir)?")
"""Name of an object in DVC's cache: its hash without the first two digits, which name its folder."""


def verify() -> None:
    """Check all outs, all finished work and all objects of DVC's cache against their hashes.

    A damaged object of DVC's cache is removed, because DVC would hand it out as sound.

    Raises:
        ConfigError: the current folder is no project.
        ArtefactError: something is damaged; the lines before name it and the command that heals it.
    """
    root = Path.cwd()
    pipeline = read_pipeline(root, read_yaml(root / PARAMS))
    home = WorkStore.at(root, "verify").home
    problems = [*_of_outs(root, pipeline), *_of_work(home, pipeline), *_of_cache(root)]
    for problem in problems:
        print(problem)
    if problems:
        raise ArtefactError(f"{len(problems)} artefacts are damaged; the lines above name what heals each")
    print("all outs, all finished work and all objects of DVC's cache are what was written")


def _of_outs(root: Path, pipeline: Pipeline) -> Iterator[str]:
    outs = [(out, step) for step in pipeline.steps for out in step.outs]
    damaged = damaged_outs(root, outs, hashes(root, [out for out, _ in outs]))
    for producer, paths in damaged.items():
        for path in paths:
            yield f"{path} differs from its hash in {LOCK}: run `dvc repro --force --single-item {producer}`"


def _of_work(home: Path, pipeline: Pipeline) -> Iterator[str]:
    """Damaged work counts as absent, so whatever uses it heals it."""
    entries = sorted((home / "shards").glob("*/*"))
    with ThreadPoolExecutor() as pool:  # hashing lets the other threads run
        soundness = list(pool.map(_is_whole, entries))
    for entry, is_whole in zip(entries, soundness, strict=True):
        if not is_whole:
            stage = entry.parent.name
            steps = " ".join(step.address for step in pipeline.steps if step.stage == stage) or stage
            yield f"{entry} is damaged and will be done again: run `dvc repro --force --single-item {steps}`"


def _is_whole(entry: Path) -> bool:
    return damage(entry) is None if entry.is_dir() else read_named(entry) is not None


def _of_cache(root: Path) -> Iterator[str]:
    objects = [path for path in sorted((root / CACHE).glob("??/*")) if _OBJECT.fullmatch(path.name)]
    with ThreadPoolExecutor() as pool:
        contents = list(pool.map(_md5, objects))
    damaged = []
    for path, md5 in zip(objects, contents, strict=True):
        if path.parent.name + path.name.removesuffix(".dir") != md5:
            path.unlink()
            damaged.append(path)
    owners = _owners(root) if damaged else {}
    for path in damaged:
        steps = " ".join(sorted(owners.get(path.parent.name + path.name, set())))
        heal = f"run `dvc repro --force --single-item {steps}`" if steps else f"{LOCK} does not need it"
        yield f"{path.relative_to(root)} was damaged and is removed from DVC's cache: {heal}"


def _owners(root: Path) -> Mapping[str, set[str]]:
    """Hash of an object to the addresses of the steps whose outs hold it."""
    owners: dict[str, set[str]] = {}
    for address, entry in read_lock(root).items():
        for md5 in entry.outs.values():
            owners.setdefault(md5, set()).add(address)
            listing = root / CACHE / md5[:2] / md5[2:]
            if md5.endswith(".dir") and listing.exists():
                for file in json.loads(listing.read_bytes()):
                    owners.setdefault(file["md5"], set()).add(address)
    return owners


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
