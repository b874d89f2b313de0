"""Files by folder, found by the name that a rule of a layout gives."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from unirain_core.imaging.codec import SUFFIXES


class Names:
    """The names of files by folder; a folder is relative to the dataset's, `""` is the dataset's own."""

    def __init__(self, folders: Mapping[str, Iterable[str]]) -> None:
        self.folders = folders
        self._spellings: dict[str, list[str]] = defaultdict(list)
        for folder in sorted(folders):
            self._spellings[folder.lower()].append(folder)
        self._stems: dict[str, dict[str, list[str]]] = {}
        self._folded: dict[tuple[str, bool], dict[str, str]] = {}

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Names":
        """The names of a list of relative paths."""
        folders: dict[str, set[str]] = defaultdict(set)
        for path in paths:
            folder, _, name = path.rpartition("/")
            folders[folder].add(name)
        return cls(folders)

    def find(self, path: str, *, any_suffix: bool) -> tuple[str, ...]:
        """The files that a candidate names: none, one, or several that it names equally well.

        Letter case of folders is folded, and the folder in the candidate's own case goes first. The name is literal.

        Args:
            path: relative path of the candidate.
            any_suffix: whether a picture of the same stem with another suffix will do.
        """
        folder, _, name = path.rpartition("/")
        homes = self._homes(folder)
        for group in homes:
            matches = [_join(home, name) for home in group if name in self.folders[home]]
            if matches:
                return tuple(matches)
        stem = name.removesuffix(suffix_of(name))
        for group in homes if any_suffix else ():
            matches = [_join(home, other) for home in group for other in self._same_stem(home, stem)]
            if matches:
                return tuple(matches)
        return ()

    def near(self, path: str, *, any_suffix: bool) -> tuple[str, str] | None:
        """A file whose name differs from the candidate's in letter case or Unicode form only, and in which of them."""
        folder, _, name = path.rpartition("/")
        wanted = _spelling(name, any_suffix=any_suffix)
        for group in self._homes(folder):
            for home in group:
                other = self._folded_names(home, any_suffix=any_suffix).get(_folded(wanted))
                if other is not None:
                    return _join(home, other), _difference(_spelling(other, any_suffix=any_suffix), wanted)
        return None

    def _folded_names(self, folder: str, *, any_suffix: bool) -> Mapping[str, str]:
        key = folder, any_suffix
        if key not in self._folded:
            names = sorted(self.folders[folder], reverse=True)  # of several the first by name stays
            self._folded[key] = {_folded(_spelling(name, any_suffix=any_suffix)): name for name in names}
        return self._folded[key]

    def _homes(self, folder: str) -> Sequence[Sequence[str]]:
        """Folders that a candidate's folder may mean: itself, then those of another letter case."""
        exact = [folder] if folder in self.folders else []
        others = [spelling for spelling in self._spellings.get(folder.lower(), ()) if spelling != folder]
        return exact, others

    def _same_stem(self, folder: str, stem: str) -> list[str]:
        if folder not in self._stems:
            stems: dict[str, list[str]] = defaultdict(list)
            for name in sorted(self.folders[folder]):
                if is_picture(name):
                    stems[name.removesuffix(suffix_of(name))].append(name)
            self._stems[folder] = stems
        return self._stems[folder].get(stem, [])


def suffix_of(path: str) -> str:
    """The suffix with its dot, or nothing."""
    return os.path.splitext(path)[1]  # noqa: PTH122 (a million times: pathlib takes ten times as long)


def is_picture(path: str) -> bool:
    """Whether a file has the suffix of a picture."""
    return suffix_of(path).lower() in SUFFIXES


def writable(path: str) -> str:
    """A path as it can stand in a table: itself, or with escapes where a character cannot.

    >>> writable("a/1.png"), writable("a/1\\n.png")
    ('a/1.png', 'a/1\\\\u000a.png')
    """
    return "".join(_escaped(c) for c in path) if _odd(path) else path


def fault(path: str) -> str:
    """What is odd about a path that cannot stand in a table, as a clause."""
    character = _odd(path)[0]
    kind = "the byte" if unicodedata.category(character) == "Cs" else "the control character"
    return f"it holds {kind} {_escaped(character)}"


def _odd(path: str) -> list[str]:
    """Characters that tear lines apart, steer a terminal, or stand for bytes that are no UTF-8."""
    if path.isascii() and path.isprintable():
        return []
    return [c for c in path if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character == "\\":
        return "\\\\"
    return f"\\u{ord(character):04x}" if _odd(character) else character


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _spelling(name: str, *, any_suffix: bool) -> str:
    """The part of a name that must agree."""
    return name.removesuffix(suffix_of(name)) if any_suffix and is_picture(name) else name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _difference(name: str, wanted: str) -> str:
    same_form = unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", wanted)
    return "Unicode form" if same_form else "letter case"
