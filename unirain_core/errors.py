"""Every error that is raised on purpose, as one small tree; each class carries its exit code.

UniRainError (1)
├── ConfigError (2)               wrong use or wrong params
├── MissingInputError (3)         a person must supply something
│   ├── EmptyTypeError            (3) a rain type of params has no pair to work with
│   └── WeightsUnavailableError   (3) a model's weights are not on this machine
├── ArtefactError (1)
│   ├── MissingArtefactError      an earlier stage has not run
│   ├── SchemaError               a file does not hold what its schema says
│   └── ChangedInputError         a file is not what was listed
├── ItemError (1)                 one picture or pair cannot be used; the others can
├── WorkerDiedError (1)           a worker process ended from outside
├── EditedError (1)               params, code or inputs changed while a stage ran
├── GateError (1)                 a required condition failed
└── BusyError (1)                 another process holds what this one needs
"""

import re
from collections.abc import Sequence
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


class EmptyTypeError(MissingInputError):
    """Rain types of params have no pair to work with; the command line adds which dataset would bring some."""

    def __init__(self, message: str, rain_types: Sequence[str]) -> None:
        self.message, self.rain_types = message, tuple(rain_types)
        super().__init__(message)

    def __reduce__(self) -> tuple[type["EmptyTypeError"], tuple[str, tuple[str, ...]]]:
        """Travel between processes by the arguments, not by the message."""
        return type(self), (self.message, self.rain_types)


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


class ChangedInputError(ArtefactError):
    """A file's content is not what was listed, or the file is gone.

    Results are kept under the listed hash, so no other content may lead to them.
    """


class ItemError(UniRainError):
    """One item cannot be used: it leaves the pipeline with this reason, and the others go on."""

    def __init__(self, reason: str, detail: str) -> None:
        """Name the reason, one of `artefacts.reasons`, and what explains it."""
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail

    def __reduce__(self) -> tuple[type["ItemError"], tuple[str, str]]:
        """Travel between processes by the arguments, not by the message."""
        return type(self), (self.reason, self.detail)


class WorkerDiedError(UniRainError):
    """A worker process ended from outside: killed, out of memory, or crashed in native code."""


class EditedError(UniRainError):
    """Params, code or inputs of a stage changed while it ran, so that dvc.lock would not tell the truth."""


class GateError(UniRainError):
    """A required condition failed, such as a loss that must stay finite."""


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
