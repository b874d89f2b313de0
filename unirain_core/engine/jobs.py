"""What a stage computes of each of its rows, and what it gets back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import pyarrow as pa

from unirain_core.artefacts import tables
from unirain_core.engine.pools import Device

In = TypeVar("In")
Out = TypeVar("Out")
Row = TypeVar("Row", contravariant=True)
Result = TypeVar("Result", covariant=True)


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a row has no result; it is tried again in the next run."""

    reason: str
    """One of `artefacts.reasons`."""
    detail: str
    """What explains the reason."""


class Job(Protocol[Row, Result]):
    """The per-row work of a stage; a frozen dataclass, since it travels to worker processes."""

    @property
    def algorithm(self) -> str:
        """Version constant of the computation; raised when its results change."""
        ...

    @property
    def output(self) -> type[Result]:
        """Class of the results, as `artefacts.schemas` has them."""
        ...

    @property
    def device(self) -> Device:
        """What `compute` needs; the engine decides where that is."""
        ...

    @property
    def batch(self) -> int | None:
        """Rows that `compute` takes at once; None: as many as the engine likes. Halved when memory runs out."""
        ...

    def key(self, row: Row) -> str:
        """Everything that determines a row's result, apart from the algorithm and the row's id."""
        ...

    def place(self, row: Row) -> tuple[str, str]:
        """(dataset, id) of a row: a shard never mixes datasets, and the id's hash decides a row's bucket."""
        ...

    def compute(self, batch: Sequence[Row]) -> Sequence[Result | Failed]:
        """One result for each row, in their order; a row may have failed by itself while the others did not."""
        ...


@runtime_checkable
class Loading(Protocol[Row]):
    """A job whose rows can be loaded by other processes, while a device computes those before."""

    def load(self, row: Row) -> Any:  # noqa: ANN401 (whatever its `compute_loaded` takes)
        """What the computation needs of a row, such as its pictures; it travels between processes."""
        ...

    def compute_loaded(self, batch: Sequence[Row], loaded: Sequence[Any]) -> Sequence[Any]:
        """As `Job.compute`, of rows that are loaded."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Finished(Generic[In, Out]):
    """Rows that follow each other, with their results."""

    rows: Sequence[In]
    """As the stage gave them."""
    results: pa.Table
    """Columns of the output class: one row for each of `rows` that has a result, in their order."""
    failures: Mapping[int, Failed]
    """Position in `rows` to why that row has no result."""
    output: type[Any]
    """Class of the results."""

    def kept(self) -> list[In]:
        """The rows that have a result, in the order of `results`."""
        return [row for position, row in enumerate(self.rows) if position not in self.failures]

    def outcomes(self) -> list[Out | Failed]:
        """The result of every row as an object, or why it has none."""
        results = iter(tables.rows_of(self.results, self.output))
        return [
            self.failures[position] if position in self.failures else next(results)
            for position in range(len(self.rows))
        ]
