"""The work store: finished work under a key of everything that determines it, outside every DVC out.

DVC deletes a stage's outs before it runs the stage; what stands here survives a kill at any moment.

    .unirain/shards/<stage>/<name>    finished shards and folders; they appear whole or not at all
    .unirain/index/<stage>/           where each finished row stands; garbage in it is noticed, and it is made anew
    .unirain/partial/<owner>/         what a running stage is writing; wiped when it starts again
    .unirain/used/<owner>.json        the finished work that the owner's last whole run referred to

Finished work carries its hashes: a shard in its name, a folder in its SHA256SUMS. They are checked when it is used, and
damaged work counts as absent. Only `collect` removes work that another commit may want.
"""

import errno
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts.sums import damage, write_sums
from unirain_core.artefacts.whole import naming, write_text

logger = logging.getLogger(__name__)


def digest(*parts: object) -> str:
    """32 hex digits that stand for the parts' values (their repr: strings, numbers, tuples, frozen dataclasses)."""
    return hashlib.sha256("\x1f".join(map(repr, parts)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class WorkStore:
    """The store as one stage sees it; a value, so that workers can be handed it."""

    home: Path
    owner: str
    """Stage, or stage@partition: whose partial work and used list these are."""

    @classmethod
    def at(cls, root: Path, stage: str, partition: str | None = None) -> "WorkStore":
        """The store of a project: UNIRAIN_HOME, else `.unirain` of the main checkout, so that queued
        experiments, which run in a checkout of their own, share it."""
        home = os.environ.get("UNIRAIN_HOME") or Path(os.environ.get("DVC_ROOT", root)) / ".unirain"
        return cls(home=Path(home).absolute(), owner=stage if partition is None else f"{stage}@{partition}")

    @property
    def stage(self) -> str:
        """The stage without its partition; partitions share finished work."""
        return self.owner.partition("@")[0]

    @property
    def shards(self) -> Path:
        """Folder of this stage's finished work."""
        return self.home / "shards" / self.stage

    def index(self, algorithm: str) -> Path:
        """File that says where the finished rows of an algorithm stand; a side file."""
        return self.home / "index" / self.stage / f"{algorithm}.index"

    @property
    def partial(self) -> Path:
        """Folder of this owner's unfinished work."""
        return self.home / "partial" / self.owner

    def begin(self) -> None:
        """Start a run: wipe what a killed one left half done, and keep `collect` away until this one ends.

        The owner's lock must be held.
        """
        shutil.rmtree(self.partial, ignore_errors=True)
        self._write_use(Use.of(self._use_file).names, is_recorded=False, is_whole=False)

    def folder(self, key: str, make: Callable[[Path], None]) -> Path:
        """The finished folder of a key, made now unless a sound one exists; concurrent makers are harmless.

        Args:
            key: digest of everything that determines the content.
            make: writes the content into an empty folder.
        """
        final = self.shards / key
        if final.is_dir() and (problem := damage(final)) is not None:
            logger.warning(
                "%s: finished work is damaged and is done again: %s: %s", self.owner, final, problem
            )
            self._set_aside(final)
        if not final.is_dir():
            partial = self.partial / f"{key}.{os.getpid()}"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            make(partial)
            write_sums(partial)
            publish(partial, final)
        return final

    def record_use(self, names: Iterable[str]) -> None:
        """Remember what this owner's run referred to, for `collect`; each of its jobs adds to what the others said."""
        before = Use.of(self._use_file)
        own = before.names if before.is_recorded else ()
        self._write_use({*names, *own}, is_recorded=True, is_whole=False)

    def end(self) -> None:
        """Say that the run came to its end; what `record_use` noted stays."""
        self._write_use(Use.of(self._use_file).names, is_recorded=False, is_whole=True)

    @property
    def _use_file(self) -> Path:
        return self.home / "used" / f"{self.owner}.json"

    def _write_use(self, names: Iterable[str], *, is_recorded: bool, is_whole: bool) -> None:
        content = {
            "stage": self.stage,
            "names": sorted(set(names)),
            "is_recorded": is_recorded,
            "is_whole": is_whole,
        }
        write_text(self._use_file, json.dumps(content))

    def _set_aside(self, folder: Path) -> None:
        """Free a damaged folder's name in one step, then remove it; another maker may have done so already."""
        self.partial.mkdir(parents=True, exist_ok=True)
        aside = self.partial / f"{folder.name}.damaged.{os.getpid()}"
        try:
            folder.rename(aside)
        except FileNotFoundError:
            return
        shutil.rmtree(aside)


@dataclass(frozen=True, slots=True)
class Use:
    """Finished work that an owner's runs refer to."""

    stage: str
    names: frozenset[str]
    is_whole: bool
    """Whether the owner's last run came to its end, so that `names` is all that it needs."""
    is_recorded: bool = False
    """Whether `names` are of a run that goes on; otherwise they are of the one before."""

    @classmethod
    def of(cls, file: Path) -> "Use":
        """Read a used list; an absent or damaged one says nothing, so that nothing may be removed on its word."""
        stage = file.stem.partition("@")[0]
        try:
            content = json.loads(file.read_bytes())
            names, is_whole = content["names"], content["is_whole"]
        except (OSError, ValueError, KeyError, TypeError):
            return cls(stage, frozenset(), is_whole=False)
        if not isinstance(names, list):
            return cls(stage, frozenset(), is_whole=False)
        is_recorded = content.get("is_recorded") is True
        return cls(stage, frozenset(map(str, names)), is_whole=is_whole is True, is_recorded=is_recorded)


def publish(partial: Path, final: Path) -> None:
    """Flush a folder or file to the disk and give it its final name; an equal one may stand there already."""
    files = [partial] if partial.is_file() else [f for f in partial.rglob("*") if f.is_file()]
    for file in files:
        with naming(file), file.open("rb") as handle:
            os.fsync(handle.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        partial.rename(final)
    except OSError as error:
        # another maker of the same key was faster; its folder has the same content
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not final.is_dir():
            raise
        shutil.rmtree(partial)


def hand_over(fresh: Path, out: Path) -> None:
    """Put a new folder in the place of an older one.

    Raises:
        OSError: the older one cannot be removed; then nothing of it may pass for the new one.
    """
    if out.exists():
        shutil.rmtree(out)
    publish(fresh, out)


@dataclass(frozen=True, slots=True)
class Collected:
    """What `collect` did."""

    removed: tuple[Path, ...]
    freed: int
    """Bytes."""
    kept_for: tuple[str, ...]
    """Owners whose last run did not come to its end, or of which nothing is known: their stage's work stays whole."""


def collect(home: Path, named: Iterable[Path] = (), owners: Collection[str] | None = None) -> Collected:
    """Delete finished work that no stage used in its latest run, and all partial work; no stage may be running.

    The work of a stage whose latest run was interrupted stays whole, since that run will want it. So does the work of a stage
    of which nothing is known.

    Args:
        home: of the store.
        named: finished work that something else refers to, and that stays.
        owners: all that can run; an interrupted run of another one will never come to its end. None: not known.
    """
    used = {file.stem: Use.of(file) for file in sorted((home / "used").glob("*.json"))}
    interrupted = {
        owner: use.stage
        for owner, use in used.items()
        if not use.is_whole and (owners is None or owner in owners) and (home / "shards" / use.stage).is_dir()
    }
    recorded = {use.stage for use in used.values()}
    wanted = {home / "shards" / use.stage / name for use in used.values() for name in use.names} | set(named)
    kept_for, removed, freed = set(interrupted), list[Path](), size_of(home / "partial")
    shutil.rmtree(home / "partial", ignore_errors=True)
    for folder in sorted((home / "shards").glob("*")):
        if folder.name in interrupted.values():
            continue
        if folder.name not in recorded:
            kept_for.add(folder.name)
            continue
        for path in sorted(folder.iterdir()):
            if path not in wanted:
                freed += size_of(path)
                remove(path)
                removed.append(path)
    _remove_empty_indexes(home)
    return Collected(tuple(removed), freed, tuple(sorted(kept_for)))


def _remove_empty_indexes(home: Path) -> None:
    """Remove what lists no shard any more; what lists some that are gone puts itself right when it is used."""
    for index in sorted((home / "index").glob("*/*.index")):
        shards = home / "shards" / index.parent.name
        if not any(shards.glob(f"{index.stem}-*")):
            remove(index)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is none."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that it holds."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
