"""Folders that a person names for the results of a command."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unirain_core.errors import ConfigError

_FULL = (errno.ENOSPC, errno.EDQUOT)
"""Another name does not help against a full disk or a quota, for which the command line has words of its own."""


@contextmanager
def making(folder: Path) -> Iterator[None]:
    """Let a folder that the block cannot make be refused by its name.

    Raises:
        ConfigError: the system refuses it, such as where a file stands above it.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise ConfigError(f"{folder} cannot be made ({error.strerror}); name another folder") from None
