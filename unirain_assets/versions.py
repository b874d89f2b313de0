"""Versions of data and code of each step, as they follow from dvc.lock and from the files."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unirain_assets import graph
from unirain_assets.graph import Graph, touches
from unirain_core.artefacts.dvc_cache import listing, objects_folder
from unirain_core.config.lock import Locked, content_hash, file_hash, tree_hash
from unirain_core.config.pipeline import Step


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it was when its files were read."""

    root: Path
    graph: Graph
    hashes: Mapping[str, str]
    """DVC's hash of every file or folder of code that a step depends on."""

    @classmethod
    def load(cls, root: Path) -> "Project":
        """Read the graph, and hash the code that each step depends on.

        Raises:
            ConfigError: dvc.yaml or params.yaml is absent or has not the expected form.
        """
        pipeline = graph.read(root)
        code = {dep for step in pipeline.steps for dep in step.code}
        return cls(root, pipeline, {dep: content_hash(root / dep) for dep in sorted(code)})

    def code_version(self, step: Step) -> str:
        """Hash of command, params and code as they are now: the locked one where DVC sees no change."""
        return _digest([step.command, step.params, {dep: self.hashes[dep] for dep in step.code}])

    def code_versions(self) -> dict[str, str]:
        """Of every step, by address."""
        return {step.address: self.code_version(step) for step in self.graph.steps}


def data_version(step: Step, locked: Locked) -> str:
    """Hash of the outs without the report: new wording there makes no new data."""
    return _digest({path: md5 for path, md5 in locked.outs.items() if path != step.report})


def locked_code_version(step: Step, locked: Locked) -> str:
    """Hash of command, params and code that the outs were made with."""
    return _digest([locked.command, locked.params, {dep: locked.deps.get(dep, "") for dep in step.code}])


def input_versions(
    root: Path, pipeline: Graph, step: Step, lock: Mapping[str, Locked]
) -> dict[str, str | None]:
    """Data versions of what a step ran with, by the address of its producer.

    Returns:
        None where they are not the newest ones and dvc.lock does not say which: a step that depends on the folder
        around the outs of several steps is locked with the hash of that folder alone.
    """
    deps = lock[step.address].deps
    upstream = pipeline.upstream(step)
    written = [lock[producer.address] for producer in upstream if producer.address in lock]
    outs = {out: md5 for locked in written for out, md5 in locked.outs.items()}
    current = {dep: _is_current(root, dep, outs, deps) for dep in step.deps if dep not in step.code}
    versions: dict[str, str | None] = {}
    for producer in upstream:
        read = [dep for dep in current if any(touches(dep, out) for out in producer.data)]
        if all(out in deps for out in producer.data):
            versions[producer.address] = _digest({out: deps[out] for out in producer.data})
        elif producer.address in lock and all(current[dep] for dep in read):
            versions[producer.address] = data_version(producer, lock[producer.address])
        else:
            versions[producer.address] = None
    return versions


def _is_current(root: Path, dep: str, outs: Mapping[str, str], deps: Mapping[str, str]) -> bool:
    """Whether a dep was, when the step ran, what it is while the outs are these; yes where the cache cannot tell."""
    return dep in deps and _hash_of(root, dep, outs) in (deps[dep], None)


def _hash_of(root: Path, dep: str, outs: Mapping[str, str]) -> str | None:
    """Hash that a dep has while the outs are these; None where the cache cannot tell."""
    if dep in outs:
        return outs[dep]
    files = {f: file_hash(root / f) for f in _beside(root, dep, outs)}
    objects = objects_folder(root)
    for out, md5 in outs.items():
        listed = listing(objects, md5)
        if touches(dep, out) and listed is None:
            return None
        files |= {f"{out}/{name}".removesuffix("/"): value for name, value in (listed or {}).items()}
    below = {f.removeprefix(f"{dep}/"): md5 for f, md5 in files.items() if f.startswith(f"{dep}/")}
    return files.get(dep) or tree_hash(below)


def _beside(root: Path, dep: str, outs: Mapping[str, str]) -> Iterator[str]:
    """Files in a folder that belong to no out; none where the folder itself lies in one."""
    if any(Path(dep).is_relative_to(out) for out in outs):
        return
    for folder, names, files in os.walk(root / dep):
        relative = Path(folder).relative_to(root)
        names[:] = [name for name in names if (relative / name).as_posix() not in outs]
        yield from (p for name in files if (p := (relative / name).as_posix()) not in outs)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
