"""The work store: finished work under a key of everything that determines it, outside every DVC out.

DVC deletes a stage's outs before it runs the stage; what stands here survives a kill at any moment.

    .unirain/shards/<stage>/<name>    finished shards and folders; they appear whole or not at all
    .unirain/index/<stage>/           where each finished row stands; garbage in it is noticed, and it is made anew
    .unirain/partial/<owner>/         what a running stage is writing; wiped when it starts again
    .unirain/used/<owner>.json        the finished work that the owner's last whole run referred to

Finished work carries its hashes: a shard in its name, a folder in its SHA256SUMS. They are checked when it is used, and
damaged work counts as absent. Only `collect` removes work that another commit may want.

Where UNIRAIN_STORE names a place that several machines share, finished work stands there (`shared.py`), and here are copies.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from unirain_core.artefacts.sums import damage, write_sums
from unirain_core.artefacts.whole import write_text
from unirain_core.engine import uses
from unirain_core.engine.shared import VARIABLE, SharedShelf, place, store_url
from unirain_core.engine.shelf import HomeShelf, Shelf, publish
from unirain_core.engine.uses import Use
from unirain_core.errors import MissingInputError

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
    command: str = ""
    """What does the owner's work again; empty: the stage of its name."""
    url: str = field(default="", repr=False)
    """Of the store that several machines share; empty where the home is the only one. It may hold a password."""

    @classmethod
    def at(cls, root: Path, stage: str, partition: str | None = None) -> "WorkStore":
        """The store of a project, where UNIRAIN_HOME and UNIRAIN_STORE say.

        Without UNIRAIN_HOME it is `.unirain` of the main checkout: queued experiments, which run in a checkout of their
        own, then share it.
        """
        checkout = Path(os.environ.get("DVC_ROOT", root))
        return cls(
            home=Path(os.environ.get("UNIRAIN_HOME") or checkout / ".unirain").absolute(),
            owner=stage if partition is None else f"{stage}@{partition}",
            url=store_url(checkout),
        )

    @property
    def again(self) -> str:
        """The command that does this owner's work again, although nothing of its input has changed."""
        return self.command or f"dvc repro --force --single-item {self.owner}"

    @property
    def stage(self) -> str:
        """The stage without its partition; partitions share finished work."""
        return self.owner.partition("@")[0]

    @property
    def shards(self) -> Path:
        """Folder of this stage's finished work on this machine."""
        return self.home / "shards" / self.stage

    @property
    def shelf(self) -> Shelf:
        """Where this stage's finished shards stand."""
        return self._shared or self._home_shelf

    @property
    def _home_shelf(self) -> HomeShelf:
        return HomeShelf(self.shards, self.partial, self.owner)

    @property
    def _shared(self) -> SharedShelf | None:
        if not self.url:
            return None
        return SharedShelf(self._home_shelf, place(self.url) / "shards" / self.stage, self.owner)

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

        Raises:
            MissingInputError: the shared store does not exist, or does not let this user in.
        """
        shutil.rmtree(self.partial, ignore_errors=True)
        self._write_use(replace(Use.of(self._use_file), is_recorded=False, is_whole=False))

    def folder(self, key: str, make: Callable[[Path], None]) -> Path:
        """The finished folder of a key, made now unless a sound one exists; concurrent makers are harmless.

        Args:
            key: digest of everything that determines the content.
            make: writes the content into an empty folder.
        """
        final = self.shards / key
        if not self._is_sound(final) and not self._take_over(key):
            partial = self._new_partial(key)
            partial.mkdir(parents=True)
            make(partial)
            write_sums(partial)
            publish(partial, final)
        return final

    def folders(self, start: str) -> Iterator[Path]:
        """All sound finished folders whose keys begin in this way."""
        keys = {path.name for path in self.shards.glob(f"{start}*") if path.is_dir()}
        if self._shared:
            keys |= {key for key in self._shared.folder_keys() if key.startswith(start)}
        for key in sorted(keys):
            if self._is_sound(self.shards / key) or self._take_over(key):
                yield self.shards / key

    def has_folder(self, key: str) -> bool:
        """Whether the finished folder of a key stands here or in the shared store; it may be damaged."""
        return (self.shards / key).is_dir() or (
            self._shared is not None and key in self._shared.folder_keys()
        )

    def record_use(self, names: Iterable[str]) -> None:
        """Remember for `collect` the work that this owner's run referred to, and share what is not shared yet.

        Each job of a run adds to the names that the jobs before it noted.
        """
        before = Use.of(self._use_file)
        own = before.names if before.is_recorded else frozenset[str]()
        use = Use(self.stage, frozenset(names) | own, is_whole=False, is_recorded=True)
        if self._shared:
            self._shared.share(sorted(use.names))
        self._write_use(use)

    def end(self) -> None:
        """Say that the run came to its end; what `record_use` noted stays."""
        self._write_use(replace(Use.of(self._use_file), is_recorded=False, is_whole=True))

    @property
    def _use_file(self) -> Path:
        return self.home / "used" / f"{self.owner}.json"

    def _write_use(self, use: Use) -> None:
        write_text(self._use_file, use.text())
        if not self.url:
            return
        store = place(self.url)
        try:
            (store / "used" / uses.machine(self.home) / self._use_file.name).put(use.text().encode())
        except FileNotFoundError:
            raise MissingInputError(
                f"{VARIABLE}: {store} does not exist; correct {VARIABLE}, or create the bucket or the folder"
            ) from None
        except PermissionError as error:
            raise MissingInputError(
                f"{VARIABLE}: {store}: {error.strerror}; give credentials in the environment, for s3:// AWS_ACCESS_KEY_ID "
                "and AWS_SECRET_ACCESS_KEY or AWS_PROFILE"
            ) from None

    def _is_sound(self, folder: Path) -> bool:
        """Whether a finished folder stands here; a damaged one is moved away."""
        if not folder.is_dir():
            return False
        problem = damage(folder)
        if problem is not None:
            logger.warning(
                "%s: finished work is damaged and is done again: %s: %s", self.owner, folder, problem
            )
            self._set_aside(folder)
        return problem is None

    def _take_over(self, key: str) -> bool:
        """Copy the finished folder of a key from the shared store, if there is a sound one."""
        if self._shared is None:
            return False
        partial = self._new_partial(key)
        if not self._shared.unpack(key, partial):
            return False
        publish(partial, self.shards / key)
        return True

    def _new_partial(self, key: str) -> Path:
        """A folder that does not exist."""
        partial = self.partial / f"{key}.{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        return partial

    def _set_aside(self, folder: Path) -> None:
        """Free a damaged folder's name in one step, then remove it; another maker may have done so already."""
        self.partial.mkdir(parents=True, exist_ok=True)
        aside = self.partial / f"{folder.name}.damaged.{os.getpid()}"
        try:
            folder.rename(aside)
        except FileNotFoundError:
            return
        shutil.rmtree(aside)


def hand_over(fresh: Path, out: Path) -> None:
    """Put a new folder in the place of an older one.

    Raises:
        OSError: the older one cannot be removed; then nothing of it may pass for the new one.
    """
    if out.exists():
        shutil.rmtree(out)
    publish(fresh, out)
