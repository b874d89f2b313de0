"""Every error that is raised on purpose, as one small tree; each class carries its exit code.

UniRainError (1)
├── ConfigError (2)               wrong use or wrong params
├── MissingInputError (3)         a person must supply something
│   └── WeightsUnavailableError   (3) a model's weights are not on this machine
├── ArtefactError (1)
│   ├── MissingArtefactError      an earlier stage has not run
│   └── SchemaError               a file does not hold what its schema says
├── GateError (1)                 a condition that must hold at every door does not
└── BusyError (1)                 another process runs the same stage
"""

import re
from typing import ClassVar


class UniRainError(Exception):
    """An error with a message for a person: what was wrong, where, and what to do."""

    exit_code: ClassVar[int] = 1


class ConfigError(UniRainError):
    """Wrong use of a command, or params that cannot be used."""

    exit_code: ClassVar[int] = 2


class MissingInputError(UniRainError):
    """Something that only a person can supply is absent: a dataset, weights, a server."""

    exit_code: ClassVar[int] = 3


class WeightsUnavailableError(MissingInputError):
    """A model was asked for by name and its weights are not on this machine."""


class ArtefactError(UniRainError):
    """A file of the pipeline is absent or is not what it should be."""


class MissingArtefactError(ArtefactError):
    """A file that an earlier stage writes does not exist."""

    def __init__(self, path: str, producer: str) -> None:
        self.path, self.producer = path, producer
        stages = producer.split(", ")
        names = " or ".join(f"'{stage}'" for stage in stages)
        super().__init__(
            f"{path} does not exist; stage {names} writes it: run `dvc repro {' '.join(stages)}`"
        )

    def __reduce__(self) -> tuple[type["MissingArtefactError"], tuple[str, str]]:
        """Travel between processes by the arguments, not by the message."""
        return type(self), (self.path, self.producer)


class SchemaError(ArtefactError):
    """A table's columns differ from its schema, or its rows break it."""


class GateError(UniRainError):
    """A condition that must hold at every door does not hold."""


class BusyError(UniRainError):
    """Another process holds what this one needs."""


_USER_INFO = re.compile(
    r"(?<=://)(?:"
    r"[^\s/?#@:'\"]*:(?!\d+/)[^\s'\"]*@"  # user:password@; the password may hold a slash, a port may not
    r"|[^\s/?#@'\"]+@)"  # a token alone
)


def without_password(text: str) -> str:
    """A text for output, logs and files: every URL in it without its user and password.

    >>> without_password("http://me:secret@host:5000/x did not answer")
    'http://host:5000/x did not answer'
    """
    return _USER_INFO.sub("", text)
