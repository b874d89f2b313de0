"""Params, code and inputs of a stage: noted when it begins, compared when it ends.

DVC hashes params, code and inputs after a stage has ended, so an edit in the meantime would enter dvc.lock as what the
stage was made with. And DVC takes a file of equal size, time and inode for unchanged, so damage goes unseen.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from unirain_core.artefacts.report import MadeWith
from unirain_core.cli.locked import demand_locked
from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, Pipeline, Step, look_up, table
from unirain_core.errors import ConfigError, EditedError
from unirain_core.tracking.provenance import is_dirty

CODE = "unirain_core/"
SHOWN = 5
"""Changes that a message names; it counts the others."""


class Signature(NamedTuple):
    """Size, times and inode of a file. A write or a replacement changes them, and nobody has to open the file for them."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A file as it was when the stage began."""

    signature: Signature
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Everything that one step depends on, as it was when the step began."""

    root: Path
    step: Step
    watched: tuple[str, ...]
    """Files and folders: the step's code, and the outs that it reads."""
    files: Mapping[str, Noted]
    """Every file of them, by its path relative to the root."""
    made_with: MadeWith
    """The stamp of the report and of the MLflow run."""

    @classmethod
    def begin(cls, root: Path, pipeline: Pipeline, step: Step) -> Self:
        """Hash the step's code and inputs.

        Raises:
            ArtefactError: an input is not what dvc.lock says that its stage wrote.
        """
        watched = tuple(path for dep in step.deps for path in _watched(pipeline, dep))
        files = _noted(root, list(_files(root, watched)))
        demand_locked(root, pipeline, step, {path: noted.md5 for path, noted in files.items()})
        sources = [dep for dep in step.deps if dep.startswith(CODE)]
        code = {path: noted.md5 for path, noted in files.items() if path.startswith(CODE)}
        made_with = MadeWith(code=_digest(code), params=_digest(step.params), dirty=is_dirty(root, sources))
        return cls(root=root, step=step, watched=watched, files=files, made_with=made_with)

    def demand_own_code(self, loaded: Path) -> None:
        """Refuse to run other code than the project's, which is what DVC hashes.

        DVC runs a queued experiment in a copy of the project, while an installation stays with the original.

        Args:
            loaded: the folder from which this process has loaded the package.

        Raises:
            ConfigError: a file of the step's code differs between the two.
        """
        if loaded.resolve() == self.root.resolve():
            return
        for path, noted in sorted(self.files.items()):
            if path.startswith(CODE) and _md5(loaded / path) != noted.md5:
                raise ConfigError(
                    f"this process runs the code in {loaded}, and {path} of this project differs from it. dvc.lock would "
                    "name code that did not run: put `PYTHONPATH=.` before the same command, so that the project's own runs"
                )

    def end(self) -> None:
        """Compare everything with what was noted.

        Raises:
            EditedError: something has changed; DVC then writes no lock.
        """
        changes = [*self._changed_params(), *self._changed_files()]
        if changes:
            more = f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
            raise EditedError(
                f"while stage '{self.step.address}' ran, these have changed: {'; '.join(changes[:SHOWN])}{more}. "
                "Finished work is kept under the params and code that made it: run the same command again"
            )

    def _changed_params(self) -> Iterator[str]:
        try:
            now = table(read_yaml(self.root / PARAMS), PARAMS)
        except ConfigError as error:
            yield f"{PARAMS}, which cannot be read any more ({error})"
            return
        for key, noted in self.step.params.items():
            before, after = dict(_leaves(key, noted)), dict(_leaves(key, _value(key, now)))
            for name in sorted({*before, *after}):
                old, new = before.get(name, "absent"), after.get(name, "absent")
                if old != new:
                    yield f"{name} from {old} to {new} in {PARAMS}"

    def _changed_files(self) -> Iterator[str]:
        now = dict(_files(self.root, self.watched))
        touched = [
            (path, signature)
            for path, signature in now.items()
            if path in self.files and self.files[path].signature != signature
        ]
        hashed = _noted(self.root, touched)
        for path in sorted({*self.files, *now}):
            if path not in now:
                yield f"{path} (is gone)"
            elif path not in self.files:
                yield f"{path} (is new)"
            elif path in hashed and hashed[path].md5 != self.files[path].md5:
                yield f"{path} (has other content)"


def hashes(root: Path, places: Sequence[str]) -> dict[str, str]:
    """DVC's hash of every file of some files and folders, by its path relative to the root."""
    return {path: noted.md5 for path, noted in _noted(root, list(_files(root, places))).items()}


def _watched(pipeline: Pipeline, dep: str) -> Sequence[str]:
    """A dep, or the outs below a folder of partitions: the stage that reads it removes what else lies there."""
    return sorted(pipeline.outs_below(dep)) if dep in pipeline.shared_folders else [dep]


def _files(root: Path, watched: Sequence[str]) -> Iterator[tuple[str, Signature]]:
    """Every file of some files and folders; bytecode is no content, as .dvcignore says."""
    for place in watched:
        path = root / place
        if path.is_dir():
            for folder, folders, names in os.walk(path, followlinks=True):
                folders[:] = [name for name in folders if name != "__pycache__"]
                for name in names:
                    file = Path(folder, name)
                    yield file.relative_to(root).as_posix(), _signature(file)
        elif path.exists():
            yield place, _signature(path)


def _signature(file: Path) -> Signature:
    try:
        stat = file.stat()
    except FileNotFoundError:  # a link to nowhere
        return Signature(-1, 0, 0, 0)
    return Signature(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


def _noted(root: Path, files: Sequence[tuple[str, Signature]]) -> dict[str, Noted]:
    """Hash files by several threads: the hash function lets the others run."""
    with ThreadPoolExecutor() as pool:
        hashes = pool.map(lambda entry: _md5(root / entry[0]), files)
        return {path: Noted(signature, md5) for (path, signature), md5 in zip(files, hashes, strict=True)}


def _md5(file: Path) -> str:
    """DVC's hash of a file; empty for a link to nowhere."""
    try:
        with file.open("rb") as handle:
            return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except FileNotFoundError:
        return ""


def _value(key: str, params: Mapping[str, object]) -> object:
    """The value of a key; None where a section above it is gone."""
    try:
        return look_up(key, params)
    except ConfigError:
        return None


def _leaves(key: str, value: object) -> Iterator[tuple[str, object]]:
    """Dotted keys and values below a key; an empty section is a value."""
    if isinstance(value, Mapping) and value:
        for name, below in value.items():
            yield from _leaves(f"{key}.{name}", below)
    else:
        yield key, value


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
