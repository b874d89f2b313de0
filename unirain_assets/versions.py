"""The versions of data and code that follow from a step's entry of dvc.lock."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unirain_assets import graph
from unirain_assets.graph import Graph, Stage, touches
from unirain_core.config.lock import Locked, tree_hash
from unirain_core.config.pipeline import Step


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it was when its definitions were loaded."""

    root: Path
    graph: Graph
    codes: Mapping[str, str]
    """Code version of every step, by address: equals the locked one where DVC sees no change."""

    @classmethod
    def load(cls, root: Path) -> "Project":
        """Read the graph, and hash the code that each step depends on.

        Raises:
            ConfigError: dvc.yaml or params.yaml is absent or has not the expected form.
        """
        pipeline = graph.read(root)
        hashes = {
            dep: content_hash(root / dep) for step in pipeline.steps() for dep in pipeline.sources(step)
        }
        codes = {
            step.address: _digest([step.command, step.params, {d: hashes[d] for d in pipeline.sources(step)}])
            for step in pipeline.steps()
        }
        return cls(root, pipeline, codes)

    def code_version(self, stage: Stage) -> str:
        """Code version of an asset: of its one step, or of all steps of a foreach together."""
        own = [self.codes[step.address] for step in stage.steps]
        return own[0] if not stage.keys else _digest(own)


def data_version(step: Step, locked: Locked) -> str:
    """Hash of the outs without the report: new wording there makes no new data."""
    return _digest({path: md5 for path, md5 in locked.outs.items() if path != step.report})


def locked_code_version(pipeline: Graph, step: Step, locked: Locked) -> str:
    """Hash of command, params and code that the outs were made with."""
    sources = {dep: locked.deps.get(dep, "") for dep in pipeline.sources(step)}
    return _digest([locked.command, locked.params, sources])


def has_current_inputs(project: Project, step: Step, lock: Mapping[str, Locked]) -> bool:
    """Whether a step ran with what its producers' entries name as their newest outs."""
    producers = project.graph.producers(step)
    if any(producer.address not in lock for producer in producers):
        return False
    outs = {out: md5 for producer in producers for out, md5 in lock[producer.address].outs.items()}
    deps = lock[step.address].deps
    return all(
        dep in deps and _hash_of(project.root, dep, outs) in (deps[dep], None)
        for dep in step.deps
        if any(touches(dep, out) for out in outs)
    )


def content_hash(path: Path) -> str:
    """DVC's hash of a file or a folder of code; empty where there is none."""
    if path.is_dir():
        return tree_hash({file.relative_to(path).as_posix(): _file_hash(file) for file in _files(path)})
    return _file_hash(path) if path.exists() else ""


def _hash_of(root: Path, dep: str, outs: Mapping[str, str]) -> str | None:
    """Hash that a dep has while the outs are these; None where the cache cannot tell."""
    if dep in outs:
        return outs[dep]
    files = {f: _file_hash(root / f) for f in _beside(root, dep, outs)}
    for out, md5 in outs.items():
        listed = _listing(root, md5)
        if touches(dep, out) and listed is None:
            return None
        files |= {f"{out}/{name}".removesuffix("/"): value for name, value in (listed or {}).items()}
    below = {f.removeprefix(f"{dep}/"): md5 for f, md5 in files.items() if f.startswith(f"{dep}/")}
    return files.get(dep) or tree_hash(below)


def _listing(root: Path, md5: str) -> dict[str, str] | None:
    """Files of an out by relative path; an out that is a file has the path ''."""
    if not md5.endswith(".dir"):
        return {"": md5}
    stored = root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    if not stored.exists():
        return None
    return {entry["relpath"]: entry["md5"] for entry in json.loads(stored.read_text())}


def _beside(root: Path, dep: str, outs: Mapping[str, str]) -> Iterator[str]:
    """Files in a folder that belong to no out; none where the folder itself lies in one."""
    if any(Path(dep).is_relative_to(out) for out in outs):
        return
    for folder, names, files in os.walk(root / dep):
        relative = Path(folder).relative_to(root)
        names[:] = [name for name in names if (relative / name).as_posix() not in outs]
        yield from (p for name in files if (p := (relative / name).as_posix()) not in outs)


def _files(folder: Path) -> Iterator[Path]:
    """What DVC sees of a folder of code: .dvcignore leaves out bytecode."""
    return (f for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts)


def _file_hash(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
