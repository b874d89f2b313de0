"""Every error that is raised on purpose, as one small tree; each class carries its exit code.

UniRainError (1)
├── ConfigError (2)               wrong use or wrong params
├── MissingInputError (3)         a person must supply something
│   └── WeightsUnavailableError   (3) a model's weights are not on this machine
├── ArtefactError (1)
│   ├── MissingArtefactError      an earlier stage has not run
│   ├── SchemaError               a file does not hold what its schema says
│   └── ChangedInputError         a file is not what was listed
├── ItemError (1)                 one picture or pair cannot be used; the others can
├── WorkerDiedError (1)           a worker process ended from outside
├── GateError (1)                 a required condition failed (the same from CLI, DVC or Dagster)
└── BusyError (1)                 another process runs the same stage
"""

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


class GateError(UniRainError):
    """A required condition failed (the same from CLI, DVC or Dagster)."""


class BusyError(UniRainError):
    """Another process holds what this one needs."""
