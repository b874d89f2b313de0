"""The work store: finished work under a key of everything that determines it, outside every DVC out.

DVC deletes a stage's outs before it runs the stage; what stands here survives a kill at any moment.

    .unirain/shards/<stage>/<name>    finished shards and folders; they appear whole or not at all
    .unirain/partial/<owner>/         what a running stage is writing; wiped when it starts again
    .unirain/used/<owner>.json        the finished work that the owner's last run referred to
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts.whole import write_text


def digest(*parts: object) -> str:
    """32 hex digits that stand for the parts' values (their repr: strings, numbers, tuples, frozen dataclasses)."""
    return hashlib.sha256("\x1f".join(repr(p) for p in parts).encode()).hexdigest()[:32]


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

    @property
    def partial(self) -> Path:
        """Folder of this owner's unfinished work."""
        return self.home / "partial" / self.owner

    def wipe_partial(self) -> None:
        """Remove what a killed run of this owner left half done; the owner's lock must be held."""
        shutil.rmtree(self.partial, ignore_errors=True)

    def folder(self, key: str, make: Callable[[Path], None]) -> Path:
        """The finished folder of a key, made now unless it exists; concurrent makers are harmless.

        Args:
            key: digest of everything that determines the content.
            make: writes the content into an empty folder.
        """
        final = self.shards / key
        if not final.is_dir():
            partial = self.partial / f"{key}.{os.getpid()}"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            make(partial)
            publish(partial, final)
        return final

    def record_use(self, names: Iterable[str]) -> None:
        """Remember what this owner's run referred to, for `collect`."""
        file = self.home / "used" / f"{self.owner}.json"
        write_text(file, json.dumps({"stage": self.stage, "names": sorted(set(names))}))


def publish(partial: Path, final: Path) -> None:
    """Flush a folder or file to the disk and give it its final name; an equal one may stand there already."""
    files = [partial] if partial.is_file() else [f for f in partial.rglob("*") if f.is_file()]
    for file in files:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        partial.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(partial)


def collect(home: Path) -> list[Path]:
    """Remove finished work that no owner's last run referred to, and all partial work; no stage may be running.

    Returns:
        The finished work that was removed.
    """
    used = set[tuple[str, str]]()
    for file in sorted((home / "used").glob("*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        used.update((record["stage"], name) for name in record["names"])
    shutil.rmtree(home / "partial", ignore_errors=True)
    removed = [p for p in sorted((home / "shards").glob("*/*")) if (p.parent.name, p.name) not in used]
    for path in removed:
        remove(path)
    return removed


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that it holds."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
