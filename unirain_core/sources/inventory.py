"""What a listing finds, sorted by name alone: files that a layout may see, entries that are refused, files that are skipped."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from unirain_core.sources.names import fault, is_picture, writable

SKIPPED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""Names of files and folders that no dataset means; names that begin with a dot are skipped too."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file or folder that may not be listed."""

    path: str
    """Relative to the dataset's folder; characters that cannot be written down are escaped."""
    reason: str
    """One of the closed list of reasons."""
    detail: str
    leads_to: str = ""
    """The folder outside the root to which a link leads."""
    claims: tuple[str, ...] = ()
    """Clean pictures of which any might be the partner."""


class Inventory:
    """Collects the entries of one tree, whatever lists it."""

    def __init__(self) -> None:
        self._folders: dict[str, set[str]] = defaultdict(set)
        self._refused: list[Refused] = []
        self._escaped: list[Refused] = []
        """Refused entries whose path had to be escaped."""
        self._skipped: list[str] = []

    def take(self, folder: str, name: str) -> None:
        """A file: its name decides whether a layout may see it."""
        path = f"{folder}/{name}" if folder else name
        if writable(path) == path:
            self._folders[folder].add(name)
        elif is_picture(path):
            self.refuse(Refused(path, "unreadable_name", fault(path)))
        else:
            self.skip(path)

    def refuse(self, entry: Refused) -> None:
        """An entry that may not be listed."""
        path = writable(entry.path)
        if path == entry.path:
            self._refused.append(entry)
        else:
            self._escaped.append(replace(entry, path=path))

    def skip(self, path: str) -> None:
        """A file that no dataset means."""
        self._skipped.append(writable(path))

    def folders(self) -> dict[str, frozenset[str]]:
        """Names by folder."""
        return {folder: frozenset(names) for folder, names in self._folders.items()}

    def refused(self) -> tuple[Refused, ...]:
        """By path."""
        return tuple(sorted([*self._refused, *self._distinct()], key=lambda entry: entry.path))

    def skipped(self) -> tuple[str, ...]:
        """By path."""
        return tuple(sorted(self._skipped))

    def _distinct(self) -> Iterator[Refused]:
        """The refused entries with escaped names, each under a path of its own: a slash goes before a path that is taken."""
        plain = {entry.path for entry in self._refused}
        for entry in self._escaped:
            folder, _, name = entry.path.rpartition("/")
            is_taken = entry.path in plain or name in self._folders.get(folder, ())
            yield replace(entry, path=f"/{entry.path}") if is_taken else entry
