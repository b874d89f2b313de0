"""What a file holds: its size and hash, or why it cannot be used; and the facts by which it is known again, unread."""

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts.remote import Place, Remote
from unirain_core.imaging.codec import LFS_POINTER, MAX_BYTES, content_hash, file_hash

POINTER_BYTES = 1024
"""A git-lfs pointer is a text file of about 130 bytes; larger files are not looked into."""

SETTLED_NS = 2_000_000_000
"""A file younger than this could change again without a new time of change: its hash is not kept."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds."""

    size: int
    """Bytes."""
    hash: str
    """Content hash; empty where there is a problem."""
    problem: str = ""
    """One of `artefacts.reasons`; empty where there is none."""
    detail: str | None = None
    """What explains the problem."""


@dataclass(frozen=True, slots=True)
class KnownHash:
    """What a file looked like when it had which hash."""

    path: bytes
    facts: str
    """As `size_and_facts` tells them."""
    hash: str

    @property
    def sum(self) -> str:
        """SQLite does not see a flipped bit within a value; this does."""
        return hashlib.sha256(repr((self.path, self.facts, self.hash)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a file."""

    content: Content
    known: KnownHash | None = None
    """To be kept, if the file was still while it was read and some time before."""
    failure: OSError | None = None
    """Something that is wrong with the store and not with the file."""


def size_and_facts(file: Place) -> tuple[int, str] | None:
    """The size of a file, and what tells that it was replaced; None where nothing reliable does.

    Of a file on a disk these are size, times of change of content and of inode, and inode: `cp -p`, unzip and rsync keep the
    first two alone. Of an object these are the size and the ETag of the listing; a store without ETags tells too little.
    """
    if isinstance(file, Remote):
        state = file.state
        return (state.size, f"{state.size} {state.tag}") if state is not None and state.tag else None
    try:
        status = os.stat(file)  # noqa: PTH116 (a million times)
    except OSError:
        return None
    return status.st_size, _facts(status)


def path_of(file: Place) -> bytes:
    """The path or URL of a file, of any bytes."""
    return str(file).encode() if isinstance(file, Remote) else os.fsencode(file)


def read(file: Place) -> Reading:
    """Read a whole file."""
    return _read_object(file) if isinstance(file, Remote) else _read_file(file)


def _facts(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _read_file(file: Path) -> Reading:
    try:
        before = file.stat()
        if before.st_size < POINTER_BYTES and file.read_bytes().startswith(LFS_POINTER):
            return Reading(Content(before.st_size, "", "git_lfs_pointer", file.name))
        content = Content(before.st_size, file_hash(file))
        after = file.stat()
    except OSError as error:
        return Reading(Content(0, "", "unreadable", f"{file.name}: {error.strerror}"))
    changed = max(after.st_mtime_ns, after.st_ctime_ns)
    is_still = _facts(before) == _facts(after) and time.time_ns() - changed > SETTLED_NS
    return Reading(content, KnownHash(path_of(file), _facts(after), content.hash) if is_still else None)


def _read_object(file: Remote) -> Reading:
    """An object is read at once, and kept where its tag is the listed one after it was read."""
    try:
        content = file.read_bytes(MAX_BYTES)
        if len(content) > MAX_BYTES:
            detail = f"{file.name}: more than {MAX_BYTES:,} bytes"
            return Reading(Content(0, "", "too_large", detail))
        if len(content) < POINTER_BYTES and content.startswith(LFS_POINTER):
            return Reading(Content(len(content), "", "git_lfs_pointer", file.name))
        is_still = file.state is not None and file.ask_state() == file.state
    except FileNotFoundError as error:
        return Reading(Content(0, "", "unreadable", f"{file.name}: {error.strerror}"))
    except OSError as error:
        return Reading(Content(0, "", "unreadable", f"{file.name}: {error.strerror}"), failure=error)
    now = size_and_facts(file) if is_still else None
    result = Content(len(content), content_hash(content))
    return Reading(result, KnownHash(path_of(file), now[1], result.hash) if now else None)
