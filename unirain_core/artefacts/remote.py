"""Folders and files at an fsspec URL, such as an object store; local folders never come here, nor load fsspec."""

import errno
import functools
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from unirain_core.errors import ConfigError, MissingInputError, UniRainError, without_password

Option = str | bool | int | float

_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oci", "oss"})
"""Schemes of stores in which an object appears whole; elsewhere a file is written beside its name and moved."""

SILENCE = 30.0
"""Seconds for which a store that did not answer is not asked again: s3fs tries for 5 to 10 s each time, and a stage
goes through all its rows before it ends with the error."""


@dataclass(frozen=True, slots=True)
class State:
    """What a store says of an object without giving its content."""

    size: int
    tag: str
    """ETag and time of change: another content has another tag; empty where the store names no ETag."""


@dataclass(frozen=True, slots=True, repr=False)
class Remote:
    """A folder or file of a store; a value, so that workers can be handed it: each opens its own connection."""

    root: str
    """URL of a root; it may hold a password."""
    options: tuple[tuple[str, Option], ...] = ()
    """What fsspec is told besides the URL, such as an endpoint; never shown, as a key may stand here."""
    below: str = ""
    """Relative path below the root."""
    state: State | None = field(default=None, compare=False)
    """As a listing said; None: not listed."""
    named_in: str = field(default="the line of roots.local.yaml", compare=False)
    """Where a person wrote the URL, for messages."""

    def __truediv__(self, relative: str) -> "Remote":
        """A file or folder below this one."""
        below = "/".join(part for part in (self.below, relative.strip("/")) if part)
        return replace(self, below=below, state=None)

    def __str__(self) -> str:
        """The URL for a person, without a password."""
        return without_password("/".join(part for part in (self.root.rstrip("/"), self.below) if part))

    def __repr__(self) -> str:
        """Without a password and without the options."""
        return f"Remote({str(self)!r})"

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.below.rpartition("/")[2]

    @property
    def _user_info(self) -> str:
        """User and password of the URL, with the sign that ends them; empty where there are none."""
        _, _, shown = without_password(self.root).partition("://")
        _, _, whole = self.root.partition("://")
        return whole.removesuffix(shown)

    def read_bytes(self, limit: int | None = None) -> bytes:
        """The content by one request; of a file longer than a limit the first `limit` + 1 bytes.

        Raises:
            FileNotFoundError: there is no such object.
            OSError: the store does not answer or does not let this user in.
            ConfigError: fsspec does not know the URL's scheme.
            MissingInputError: the package that reads such URLs is not installed.
        """
        with self._connection() as (system, path):
            try:
                end = None if limit is None else limit + 1
                content: bytes = system.cat_file(path, start=None if end is None else 0, end=end)
            except OSError as error:
                # S3 has no range of an empty object
                if error.errno != errno.EINVAL or system.info(path)["size"] != 0:
                    raise
                return b""
            return content

    def ask_state(self) -> State:
        """Size and tag of an object now; errors as of `read_bytes`."""
        with self._connection() as (system, path):
            return _state(system.info(path))

    def files(self) -> dict[str, State]:
        """Everything below a folder by relative path, in one recursive listing; errors as of `read_bytes`.

        A folder that does not exist holds nothing; only a missing bucket is an error.
        """
        with self._connection() as (system, path):
            infos = system.find(path, detail=True)
            start = path.rstrip("/") + "/"
            return {name.removeprefix(start): _state(info) for name, info in infos.items() if name != path}

    def put(self, content: bytes) -> None:
        """Put a file under this name; no reader sees half of it, and an older one is replaced. Errors as of `read_bytes`.

        Raises:
            FileNotFoundError: the root's bucket or folder does not exist; it is not made, since a disk may not be mounted.
        """
        with self._connection() as (system, path):
            if self.root.partition("://")[0] in _OBJECT_STORES:
                system.pipe_file(path, content)
                return
            if not system.isdir(self._opened()[1]):
                raise FileNotFoundError(self.root)
            folder = path.rpartition("/")[0]
            partial = f"{folder}/.{uuid.uuid4().hex}.partial"
            system.makedirs(folder, exist_ok=True)
            try:
                system.pipe_file(partial, content)
                system.mv(partial, path)
            except BaseException:
                with suppress(Exception):  # the first error is the one that says something
                    system.rm_file(partial)
                raise

    def remove(self) -> None:
        """Remove a file; errors as of `read_bytes`, but an object store does not say whether there was one."""
        with self._connection() as (system, path):
            system.rm_file(path)

    @contextmanager
    def _connection(self) -> Iterator[tuple[Any, str]]:
        """The file system, and this path in its words; every error becomes one of the operating system's."""
        line = _line(self.root, self.options)
        if time.monotonic() < line.silent_until:
            raise self._silent(line)
        try:
            system, path = self._opened()
            yield system, "/".join(part for part in (path.rstrip("/"), self.below) if part)
        except UniRainError:
            raise
        except Exception as error:  # fsspec passes on whatever the library of a store raises
            told = self._of_the_system(error, line)
            if self._user_info:  # what a library says of a URL may hold its password in another form
                raise told from None
            raise told from error

    def _opened(self) -> tuple[Any, str]:
        """This process's file system, which fsspec keeps, and the root's path in its words."""
        from fsspec.core import url_to_fs  # only where a URL is a root
        from fsspec.registry import available_protocols

        protocol = self.root.partition("://")[0]
        if protocol not in available_protocols():
            raise ConfigError(f"{self}: fsspec knows no {protocol}://; correct {self.named_in}")
        try:
            # what fsspec remembers of folders would hide a change
            opened: tuple[Any, str] = url_to_fs(self.root, use_listings_cache=False, **dict(self.options))
        except ImportError as error:
            raise MissingInputError(
                f"{self}: a package is not installed that reads such URLs ({error}); "
                "run `pip install 'unirain[s3]'` where it is s3://"
            ) from None
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"{self}: fsspec refuses the URL or its options ({self._shown(str(error))}); correct {self.named_in}"
            ) from None
        return opened

    def _of_the_system(self, error: Exception, line: "_Line") -> OSError:
        """An error of the store as one of the operating system's, with this object's name."""
        text = self._shown(f"{type(error).__name__}: {error}")
        if isinstance(error, FileNotFoundError):
            return FileNotFoundError(errno.ENOENT, "no such object", str(self))
        if isinstance(error, PermissionError) or "Credential" in type(error).__name__:
            return PermissionError(errno.EACCES, f"the store does not let this user in ({text})", str(self))
        if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
            return OSError(error.errno or errno.EIO, f"the store refuses ({text})", str(self))
        line.silent_until, line.problem = time.monotonic() + SILENCE, text
        return self._silent(line)

    def _shown(self, text: str) -> str:
        """What a library says, without the URL's password."""
        return without_password(text.replace(self._user_info or "\0", ""))

    def _silent(self, line: "_Line") -> OSError:
        return OSError(errno.EHOSTUNREACH, f"the store does not answer ({line.problem})", str(self))


Place = Path | Remote
"""A folder or a file, on this machine or at a URL."""


def is_url(text: str) -> bool:
    """Whether a line of roots.local.yaml names a URL and no folder.

    >>> is_url("s3://rain/pairs"), is_url("/data/rain"), is_url("C:/rain")
    (True, False, False)
    """
    scheme, mark, _ = text.partition("://")
    return bool(mark) and scheme.isalnum()


@dataclass(slots=True)
class _Line:
    """Whether a store answers; each process has its own."""

    silent_until: float = 0.0
    problem: str = ""


@functools.cache
def _line(_root: str, _options: tuple[tuple[str, Option], ...]) -> _Line:
    return _Line()


def _state(info: dict[str, Any]) -> State:
    """Size and tag from what fsspec says; the stores spell the ETag in two ways."""
    etag = info.get("ETag") or info.get("etag") or ""
    changed = info.get("LastModified") or info.get("updated") or info.get("last_modified") or ""
    return State(int(info.get("size") or 0), f"{etag} {changed}" if etag else "")
