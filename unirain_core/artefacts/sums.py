"""The hashes of a folder's files, in the folder: the format of `sha256sum`, so that `sha256sum -c SHA256SUMS` reads it."""

import hashlib
import os
from pathlib import Path

from unirain_core.artefacts.whole import write_text

SUMS = "SHA256SUMS"
"""Name of the file that lists the hashes of all others in its folder."""


def write_sums(folder: Path) -> None:
    """List the hash of every file below a folder; the folder must not change afterwards."""
    lines = [f"{_file_hash(folder / name)}  {name}\n" for name in _names(folder)]
    write_text(folder / SUMS, "".join(lines))


def damage(folder: Path) -> str | None:
    """The first way in which a folder is not what its list says; None where it is whole.

    Returns:
        A clause for a message, such as `a.png differs from its hash`.
    """
    try:
        text = (folder / SUMS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return f"it has no readable {SUMS}"
    listed: dict[str, str] = {}
    for line in text.split("\n")[:-1]:  # `splitlines` would also cut at signs that a name may hold
        content_hash, _, name = line.partition("  ")
        listed[name] = content_hash
    present = _names(folder)
    if sorted(listed) != present:
        odd = sorted(set(listed) ^ set(present))
        return f"its files are not the listed ones, the first difference is {odd[0]}"
    for name in present:
        if _file_hash(folder / name) != listed[name]:
            return f"{name} differs from its hash"
    return None


def _names(folder: Path) -> list[str]:
    """Relative paths of all files but the list itself, sorted."""
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return sorted(name for name in names if name != SUMS)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_name(stem: str, content: bytes, suffix: str) -> str:
    """A file name that carries the hash of the file's content.

    >>> content_name("2-abc", b"", ".parquet")
    '2-abc.e3b0c44298fc1c149afbf4c8996fb924.parquet'
    """
    return f"{stem}.{_short_hash(content)}{suffix}"


def read_named(path: Path) -> bytes | None:
    """The content of a file that `content_name` named; None where the content is not what the name says.

    Raises:
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    return content if is_named(path.name, content) else None


def is_named(name: str, content: bytes) -> bool:
    """Whether a content is what a name of `content_name` says.

    >>> is_named("2-abc.e3b0c44298fc1c149afbf4c8996fb924.parquet", b"")
    True
    """
    stem = os.path.splitext(name)[0]  # noqa: PTH122 (the stem has a suffix of its own)
    return os.path.splitext(stem)[1] == f".{_short_hash(content)}"  # noqa: PTH122


def _short_hash(content: bytes) -> str:
    """128 bits suffice against accidents, and a name stays short."""
    return hashlib.sha256(content).hexdigest()[:32]
