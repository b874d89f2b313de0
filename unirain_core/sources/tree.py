"""The files below a dataset's folder, walked once: what stands there, and what may not be used."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from unirain_core.imaging.codec import SUFFIXES

SKIPPED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""Names of files and folders that no dataset means; names that begin with a dot are skipped too."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file or folder that may not be listed."""

    path: str
    reason: str
    """One of the closed list of reasons."""
    detail: str


@dataclass(frozen=True, slots=True)
class Tree:
    """Names by folder; folders are relative to `root`, `""` is the root itself."""

    root: Path
    folders: dict[str, frozenset[str]]
    refused: tuple[Refused, ...] = ()
    _folded: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)
    _stems: dict[str, dict[str, list[str]]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for folder in sorted(self.folders):
            self._folded.setdefault(folder.lower(), []).append(folder)

    def files(self) -> Iterator[str]:
        """Relative paths of all files, sorted by folder, then by name."""
        for folder in sorted(self.folders):
            prefix = f"{folder}/" if folder else ""
            for name in sorted(self.folders[folder]):
                yield prefix + name

    def pictures(self) -> Iterator[str]:
        """Relative paths of all files with the suffix of a picture."""
        return (path for path in self.files() if _suffix(path).lower() in SUFFIXES)

    def find(self, path: str, *, any_suffix: bool) -> str | None:
        """The file that a candidate names; letter case of its folders is folded, its name is literal.

        Args:
            path: relative path of the candidate.
            any_suffix: whether a picture of the same stem with another suffix will do.
        """
        folder, _, name = path.rpartition("/")
        exact = [folder] if folder in self.folders else []
        homes = exact + [f for f in self._folded.get(folder.lower(), []) if f != folder]
        for home in homes:
            if name in self.folders[home]:
                return f"{home}/{name}" if home else name
        for home in homes if any_suffix else ():
            same_stem = self._same_stem(home, name.removesuffix(_suffix(name)))
            if same_stem:
                return f"{home}/{same_stem[0]}" if home else same_stem[0]
        return None

    def _same_stem(self, folder: str, stem: str) -> list[str]:
        if folder not in self._stems:
            stems: dict[str, list[str]] = {}
            for name in sorted(self.folders[folder]):
                suffix = _suffix(name)
                if suffix.lower() in SUFFIXES:
                    stems.setdefault(name.removesuffix(suffix), []).append(name)
            self._stems[folder] = stems
        return self._stems[folder].get(stem, [])


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1]  # noqa: PTH122 (a million times: pathlib takes ten times as long)


def walk(root: Path, within: Path | None = None) -> Tree:
    """List a folder and all below it; symbolic links are followed as long as they stay inside `within`.

    Args:
        root: the dataset's folder.
        within: what links must not leave; the folder itself when None.
    """
    folders: dict[str, frozenset[str]] = {}
    refused: list[Refused] = []
    fence = str((within or root).resolve())
    home = str(root.resolve())
    waiting: list[tuple[str, str, frozenset[str]]] = [("", home, frozenset({home}))]
    while waiting:
        relative, real, above = waiting.pop()
        names = []
        for entry in _entries(root, relative, refused):
            path = f"{relative}/{entry.name}" if relative else entry.name
            place = f"{real}/{entry.name}"
            if entry.is_symlink():
                place = os.path.realpath(place)
            problem = _reason_to_refuse(entry, path, place, fence)
            if problem:
                refused.append(problem)
            elif not entry.is_dir():
                names.append(entry.name)
            elif place not in above:  # a link to a folder above it would never end
                waiting.append((path, place, above | {place}))
        if names:
            folders[relative] = frozenset(names)
    return Tree(root, folders, tuple(sorted(refused, key=lambda r: r.path)))


def _entries(root: Path, relative: str, refused: list[Refused]) -> list[os.DirEntry[str]]:
    """What a folder below the root holds; one that cannot be listed is refused, the root itself is an error."""
    try:
        with os.scandir(root / relative) as entries:
            return [e for e in entries if not e.name.startswith(".") and e.name not in SKIPPED]
    except OSError as error:
        if not relative:
            raise
        refused.append(Refused(relative, "unreadable", f"the folder cannot be listed: {error.strerror}"))
        return []


def _text(name: str) -> str:
    """A name that can be written down: bytes that are no UTF-8 as `\\xff`."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _reason_to_refuse(entry: os.DirEntry[str], path: str, place: str, fence: str) -> Refused | None:
    """Why an entry, given with its real path, may not be used."""
    if path != _text(path):
        return Refused(_text(path), "unreadable_name", "its bytes are no UTF-8")
    link = f"the link leads to {_text(os.readlink(entry.path))}" if entry.is_symlink() else ""  # noqa: PTH115
    if link and place != fence and not place.startswith(f"{fence}/"):
        return Refused(path, "outside_root", link)
    if entry.is_file() or entry.is_dir():
        return None
    return Refused(path, "unreadable", link or "neither a file nor a folder")
