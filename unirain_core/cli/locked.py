"""Whether a stage's inputs still are what dvc.lock says that their stages wrote."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from unirain_core.artefacts.dvc_cache import listing, objects_folder
from unirain_core.config.lock import LOCK, read_lock, tree_hash
from unirain_core.config.pipeline import Pipeline, Step
from unirain_core.errors import ArtefactError, ConfigError

SHOWN = 3
"""Files that a message names for each stage."""
PAUSE = 1.0
"""Seconds before a second look; DVC writes dvc.lock in 0.1 s."""


def demand_locked(root: Path, pipeline: Pipeline, step: Step, files: Mapping[str, str]) -> None:
    """Refuse inputs that were damaged after they had been written.

    Args:
        root: the project's root.
        pipeline: who writes what.
        step: the reader.
        files: path to content hash of every file that it reads.

    Raises:
        ArtefactError: an out that the step reads has another content than its stage's entry of dvc.lock.
    """
    read = {out for dep in step.deps for out in pipeline.outs_below(dep)}
    # in the order of the pipeline, as is the command that mends
    outs = [(out, producer) for producer in pipeline.steps for out in producer.outs if out in read]
    damaged = damaged_outs(root, outs, files)
    if damaged:  # or DVC is writing the lock at this moment, for a stage that runs beside this one
        time.sleep(PAUSE)
        damaged = damaged_outs(root, outs, files)
    if damaged:
        texts = [f"{_few(paths)} (of stage '{producer}')" for producer, paths in damaged.items()]
        raise ArtefactError(
            f"these files differ from their hashes in {LOCK}: {'; '.join(texts)}. "
            f"Run `dvc repro --force --single-item {' '.join(damaged)}`, then the same command again"
        )


def damaged_outs(
    root: Path, outs: Iterable[tuple[str, Step]], files: Mapping[str, str]
) -> dict[str, list[str]]:
    """Files that are not what was written, by the address of the step that wrote them.

    Args:
        root: the project's root.
        outs: path of each out, and the step that writes it.
        files: path to content hash of every file of these outs.
    """
    locked = _locked_outs(root)
    damaged: dict[str, list[str]] = {}
    for out, producer in outs:
        md5 = locked.get((producer.address, out))
        if md5 is not None:
            damaged.setdefault(producer.address, []).extend(_differing(root, out, md5, files))
    return {producer: paths for producer, paths in damaged.items() if paths}


def _few(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more


def _differing(root: Path, out: str, md5: str, files: Mapping[str, str]) -> Iterator[str]:
    """List the changed files of an out.

    The out itself is listed where the cache cannot tell which file has changed. An absent out gives nothing, since its
    reader names the stage to run.
    """
    if out in files:
        if files[out] != md5:
            yield out
        return
    below = {
        path.removeprefix(f"{out}/"): value for path, value in files.items() if path.startswith(f"{out}/")
    }
    if not below or tree_hash(below) == md5:
        return
    try:
        written = listing(objects_folder(root), md5) or {}
    except ConfigError:  # DVC itself says so
        written = {}
    differing = sorted(path for path in {*written, *below} if written.get(path) != below.get(path))
    yield from (f"{out}/{path}" for path in differing) if written and differing else [out]


def _locked_outs(root: Path) -> dict[tuple[str, str], str]:
    """Hash of every out by its step's address and its path; nothing where dvc.lock is absent or torn."""
    try:
        lock = read_lock(root)
    except ConfigError:  # DVC itself says so before it runs a stage; alone, a stage needs no lock
        return {}
    return {(address, out): md5 for address, entry in lock.items() for out, md5 in entry.outs.items() if md5}
