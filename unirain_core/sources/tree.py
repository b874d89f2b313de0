"""The files below a dataset's folder, walked once: what stands there, and what may not be used."""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.remote import Place, Remote, State
from unirain_core.sources.inventory import SKIPPED, Inventory, Refused
from unirain_core.sources.names import Names, is_picture, writable


@dataclass(frozen=True, slots=True)
class Tree:
    """Names by folder; folders are relative to the dataset's, `""` is the root itself."""

    root: Place
    """The dataset's folder."""
    folders: dict[str, frozenset[str]]
    refused: tuple[Refused, ...] = ()
    skipped: tuple[str, ...] = ()
    """Files that no layout may see: hidden ones, a system's own, and files with odd names that are no pictures."""
    root_name: str = ""
    """Name of the root in which the dataset's folder lies."""
    prefix: str = ""
    """What stands before a relative path to make it one of the root: the dataset's folder with a slash, or nothing."""
    states: Mapping[str, State] = field(default_factory=dict, repr=False, compare=False)
    """What a store said of each file when it listed them; empty for a folder of this machine."""
    names: Names = field(init=False, repr=False, compare=False)
    _refused_names: Names = field(init=False, repr=False, compare=False)
    _refused: dict[str, Refused] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # by lower case too: a candidate of a layout may write a refused folder in another letter case
        refused = {entry.path: entry for entry in self.refused}
        object.__setattr__(self, "names", Names(self.folders))
        object.__setattr__(self, "_refused_names", Names.of(refused))
        object.__setattr__(
            self, "_refused", refused | {path.lower(): entry for path, entry in refused.items()}
        )

    def files(self) -> Iterator[str]:
        """Relative paths of all files that a layout may see, sorted by folder, then by name."""
        for folder in sorted(self.folders):
            prefix = f"{folder}/" if folder else ""
            for name in sorted(self.folders[folder]):
                yield prefix + name

    def picture(self, path: str, half: str | None = None) -> Picture:
        """A picture of the tree, before its file is read."""
        return Picture(self.root_name, self.prefix + path, half)

    def path_of(self, picture: Picture) -> str:
        """The relative path of a picture of the tree."""
        return picture.path.removeprefix(self.prefix)

    def place(self, picture: Picture) -> Place:
        """Where the file of a picture stands."""
        path = self.path_of(picture)
        file = self.root / path
        return replace(file, state=self.states.get(path)) if isinstance(file, Remote) else file

    def pictures(self) -> Iterator[str]:
        """Relative paths of all files with the suffix of a picture."""
        return (path for path in self.files() if is_picture(path))

    def obstacle(self, path: str, *, any_suffix: bool) -> Refused | None:
        """The refused file or folder that stands in the way of a candidate, if there is one."""
        files = self._refused_names.find(path, any_suffix=any_suffix)
        if files:
            return self._refused[files[0]]
        parts = path.lower().split("/")
        folders = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        return next((self._refused[folder] for folder in folders if folder in self._refused), None)


def walk(root: Path, fences: Sequence[Path] = ()) -> Tree:
    """List a folder and all below it; symbolic links are followed as long as they stay inside the fences.

    A link to a folder is followed once: folders that link to each other would be listed in every order of their names.

    Args:
        root: the dataset's folder.
        fences: folders that links must not leave; the dataset's own when there are none.
    """
    return _Walk(root, fences or (root,)).run()


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that waits to be listed."""

    path: str
    """Relative to the dataset's folder."""
    real: str
    """Without any link."""
    above: frozenset[str]
    """Real paths of this folder and of those that lead to it."""
    is_hidden: bool


class _Walk:
    """One walk; nearer folders come first, so that of several ways to a folder the shortest is listed."""

    def __init__(self, root: Path, fences: Sequence[Path]) -> None:
        self.root = root
        self.fences = [str(fence.resolve()) for fence in fences]
        self.inventory = Inventory()
        self.followed: set[str] = set()
        """Real places of the links to folders that were followed."""

    def run(self) -> Tree:
        home = str(self.root.resolve())
        self.waiting = deque([_Folder("", home, frozenset({home}), is_hidden=False)])
        while self.waiting:
            self._list(self.waiting.popleft())
        inventory = self.inventory
        return Tree(self.root, inventory.folders(), inventory.refused(), inventory.skipped())

    def _list(self, folder: _Folder) -> None:
        for entry in self._entries(folder):
            path = f"{folder.path}/{entry.name}" if folder.path else entry.name
            is_hidden = folder.is_hidden or entry.name.startswith(".") or entry.name in SKIPPED
            kind = _kind(entry)
            if is_hidden and (kind != "folder" or entry.is_symlink()):
                self.inventory.skip(path)
            elif problem := self._problem(entry, path, folder, kind):
                self.inventory.refuse(problem)
            elif kind == "folder":
                self._enter(entry, path, folder, is_hidden=is_hidden)
            else:
                self.inventory.take(folder.path, entry.name)

    def _entries(self, folder: _Folder) -> list[os.DirEntry[str]]:
        """Content of a folder by name; where it cannot be listed, a hidden one is skipped and another refused.

        Raises:
            OSError: the dataset's own folder cannot be listed.
        """
        try:
            with os.scandir(self.root / folder.path) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not folder.path:
                raise
            if folder.is_hidden:  # no dataset means what it holds: such as .Trash-1000 of another user
                self.inventory.skip(folder.path)
                return []
            detail = f"the folder cannot be listed: {error.strerror}"
            self.inventory.refuse(Refused(folder.path, "unreadable", detail))
            return []

    def _problem(self, entry: os.DirEntry[str], path: str, folder: _Folder, kind: str) -> Refused | None:
        """Why an entry may not be used, its name apart."""
        link = f"the link leads to {writable(os.readlink(entry.path))}" if entry.is_symlink() else ""  # noqa: PTH115
        if not kind:
            return Refused(path, "unreadable", link or "neither a file nor a folder")
        if link:
            own = f"{folder.real}/{entry.name}"
            if own in self.followed:
                return Refused(path, "linked_twice", link)
            place = os.path.realpath(own)
            if not any(is_within(place, fence) for fence in self.fences):
                outside = place if kind == "folder" else place.rpartition("/")[0]
                return Refused(path, "outside_root", link, writable(outside))
            if kind == "folder" and place in folder.above:
                return Refused(path, "linked_twice", link)
        return None

    def _enter(self, entry: os.DirEntry[str], path: str, folder: _Folder, *, is_hidden: bool) -> None:
        """Let a folder, or the folder that a link leads to, wait for its turn."""
        real = f"{folder.real}/{entry.name}"
        if entry.is_symlink():
            self.followed.add(real)
            real = os.path.realpath(real)
        self.waiting.append(_Folder(path, real, folder.above | {real}, is_hidden))


def is_within(path: str, folder: str) -> bool:
    """Whether a real path is a folder or lies below it."""
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def _kind(entry: os.DirEntry[str]) -> str:
    """File, folder, or nothing that can be read; links are followed."""
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError:  # a link to itself, or through a folder that may not be entered
        return ""
