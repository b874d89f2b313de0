"""The only door to Parquet: rows or columns of a schema class in, rows or columns out; both sides are checked."""

import dataclasses
import io
import types
import typing
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from unirain_core.artefacts import paths
from unirain_core.artefacts.whole import whole_file
from unirain_core.errors import MissingArtefactError, SchemaError

Row = TypeVar("Row")

_ARROW: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    tuple[str, ...]: pa.list_(pa.string()),
    tuple[float, ...]: pa.list_(pa.float64()),
}


def arrow_schema(row_class: type[Any]) -> pa.Schema:
    """The Arrow schema of a row class: its fields in order, nullable where `| None` stands."""
    hints = typing.get_type_hints(row_class)
    fields = []
    for field in dataclasses.fields(row_class):
        hint = hints[field.name]
        is_nullable = isinstance(hint, types.UnionType)
        if is_nullable:
            hint = next(kind for kind in typing.get_args(hint) if kind is not type(None))
        arrow = _ARROW.get(hint, pa.list_(pa.float32()))  # what is left are vectors
        fields.append(pa.field(field.name, arrow, nullable=is_nullable))
    return pa.schema(fields, metadata={"producer": row_class.PRODUCER})


def structure(row_class: type[Any]) -> str:
    """What the columns of a row class are: their names, types and whether they may be null.

    >>> from unirain_core.artefacts.schemas import Verdict
    >>> structure(Verdict).splitlines()[0]
    'pair_id: string not null'
    """
    text: str = arrow_schema(row_class).to_string(show_schema_metadata=False)
    return text


GROUP_ROWS = 8192
"""Rows of a row group. A reader holds one at a time: with two vectors of 512 numbers in each row these are 32 MiB."""


class Writer:
    """Takes a table's rows piece by piece; the bytes do not depend on how they are cut into pieces."""

    def __init__(self, path: Path, file: BinaryIO, row_class: type[Any], *, keyed: bool) -> None:
        self._path, self._row_class = path, row_class
        self._schema = arrow_schema(row_class)
        if keyed:
            self._schema = self._schema.append(pa.field("row_key", pa.string(), nullable=False))
        self._parquet = pq.ParquetWriter(file, self._schema, compression="zstd", write_page_checksum=True)
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0

    def rows(self, rows: Sequence[Any], keys: Sequence[str] | None = None) -> None:
        """Append rows of the class, with their content keys where the table is keyed.

        Raises:
            SchemaError: a row holds null where the schema allows none.
        """
        columns = []
        for field in self._schema:
            values = (keys or ()) if field.name == "row_key" else [getattr(row, field.name) for row in rows]
            columns.append(pa.array(values, type=field.type))
        self.columns(pa.table(columns, schema=self._schema))

    def columns(self, table: pa.Table | pl.DataFrame) -> None:
        """Append columns: those of the class, in any order.

        Raises:
            SchemaError: a column is missing or of another type, or holds null where the schema allows none.
        """
        arrow = table.to_arrow() if isinstance(table, pl.DataFrame) else table
        try:
            arrow = arrow.select(self._schema.names).cast(self._schema)
        except (KeyError, ValueError, pa.ArrowException) as error:
            self._demand_no_null(arrow)
            raise SchemaError(f"{self._path}: no columns of {self._row_class.__name__}: {error}") from None
        self._demand_no_null(arrow)
        self._waiting.append(arrow)
        self._n_waiting += len(arrow)
        if self._n_waiting >= GROUP_ROWS:
            whole_groups = self._n_waiting - self._n_waiting % GROUP_ROWS
            self._write(whole_groups)

    def finish(self) -> None:
        """Write what waits, and the footer."""
        self._write(self._n_waiting)
        self._parquet.close()

    def abandon(self) -> None:
        """Let go of a file that will not become whole: its writer must not write at some later moment."""
        with suppress(OSError, pa.ArrowException):
            self._parquet.close()

    def _demand_no_null(self, table: pa.Table) -> None:
        required = [field.name for field in self._schema if not field.nullable]
        with_null = []
        for name in required:
            if name in table.column_names and table.column(name).null_count:
                with_null.append(name)
        if with_null:
            allowed = f"which {self._row_class.__name__} does not allow"
            raise SchemaError(f"{self._path}: null in {', '.join(with_null)}, {allowed}")

    def _write(self, n_rows: int) -> None:
        table = pa.concat_tables(self._waiting or [self._schema.empty_table()])
        # one chunk for each group: pages then do not depend on the pieces in which the rows came
        for start in range(0, n_rows, GROUP_ROWS):
            group = table.slice(start, min(GROUP_ROWS, n_rows - start)).combine_chunks()
            self._parquet.write_table(group, row_group_size=GROUP_ROWS)
        rest = table.slice(n_rows)
        self._waiting, self._n_waiting = [rest], len(rest)


@contextmanager
def writer(path: Path, row_class: type[Any], *, keyed: bool = False) -> Iterator[Writer]:
    """Write a table piece by piece, whole or not at all: to a temporary name, fsynced, renamed.

    Args:
        path: the Parquet file; its folder is made.
        row_class: class of `artefacts.schemas`.
        keyed: whether each row has a content key in a further column (the work store's shards).
    """
    with whole_file(path) as file:
        table = Writer(path, file, row_class, keyed=keyed)
        try:
            yield table
            table.finish()
        except BaseException:
            table.abandon()
            raise


def write(
    path: Path, rows: Sequence[Row], row_class: type[Row], *, keys: Sequence[str] | None = None
) -> None:
    """Write a table whole or not at all, all rows at once.

    Args:
        path: the Parquet file; its folder is made.
        rows: in the order in which they shall stand.
        row_class: class of `artefacts.schemas`.
        keys: one content key per row, kept in a further column (the work store's shards).

    Raises:
        SchemaError: a row holds null where the schema allows none.
    """
    with writer(path, row_class, keyed=keys is not None) as table:
        table.rows(rows, keys)


def encode(rows: Sequence[Row], row_class: type[Row], *, keys: Sequence[str]) -> bytes:
    """The bytes of a keyed table that `write` would put into a file."""
    buffer = io.BytesIO()
    table = Writer(Path(row_class.__name__), buffer, row_class, keyed=True)
    table.rows(rows, keys)
    table.finish()
    return buffer.getvalue()


def batches(
    path: Path, row_class: type[Any], columns: Sequence[str] | None = None, rows: int = GROUP_ROWS
) -> Iterator[pa.Table]:
    """Some columns of a table in pieces of at most `rows` rows, in the order of the rows.

    Args:
        path: a table written by `writer`.
        row_class: its class.
        columns: names; None: all.
        rows: rows of a piece.

    Raises:
        MissingArtefactError: there is no such file; the message names the stage that writes it.
        SchemaError: the file has other columns, or is damaged.
    """
    names = list(columns) if columns is not None else arrow_schema(row_class).names
    with _opened(path, path, row_class) as file:
        for batch in file.iter_batches(batch_size=rows, columns=names):
            yield _sound(pa.Table.from_batches([batch]).select(names))


def count(path: Path, row_class: type[Any]) -> int:
    """Rows of a table; none of them is read.

    Raises:
        MissingArtefactError: there is no such file; the message names the stage that writes it.
        SchemaError: the file has other columns, or is damaged.
    """
    with _opened(path, path, row_class) as file:
        n_rows: int = file.metadata.num_rows
    return n_rows


def columns(path: Path, row_class: type[Any], names: Sequence[str]) -> pl.DataFrame:
    """Some columns of a whole table; memory holds no more than these.

    Raises:
        MissingArtefactError: there is no such file; the message names the stage that writes it.
        SchemaError: the file has other columns, or is damaged.
    """
    with _opened(path, path, row_class) as file:
        frame = pl.from_arrow(_sound(file.read(columns=list(names))).select(list(names)))
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def read(path: Path, row_class: type[Row]) -> list[Row]:
    """Read a table written by `write`.

    Raises:
        MissingArtefactError: there is no such file; the message names the stage that writes it.
        SchemaError: the file has other columns, or is damaged.
    """
    with _opened(path, path, row_class) as file:
        return rows_of(_sound(file.read()), row_class)


def read_some(path: Path, row_class: type[Row], key: str, names: Collection[str]) -> list[Row]:
    """The rows whose key is one of a few names, in their order; the others are passed over piece by piece.

    Raises:
        MissingArtefactError: there is no such file; the message names the stage that writes it.
        SchemaError: the file has other columns, or is damaged.
    """
    wanted = pl.Series(sorted(names), dtype=pl.String).implode()
    rows: list[Row] = []
    for piece in batches(path, row_class):
        is_wanted = pl.DataFrame(piece.select([key])).select(pl.col(key).is_in(wanted)).to_series()
        rows += rows_of(piece.filter(is_wanted.to_arrow()), row_class)
    return rows


def parse(path: Path, content: bytes, row_class: type[Any]) -> pa.Table:
    """The columns of a table whose bytes were read and checked already.

    Args:
        path: of the table, for messages.
        content: of the file.
        row_class: its class.

    Raises:
        SchemaError: the table has other columns.
    """
    names = arrow_schema(row_class).names
    with _opened(path, pa.BufferReader(content), row_class) as file:
        return _sound(file.read(columns=names).select(names))


@contextmanager
def _opened(path: Path, source: Path | pa.BufferReader, row_class: type[Any]) -> Iterator[pq.ParquetFile]:
    """A file with the columns of its class; damage that shows while it is read is named with its remedy.

    Args:
        path: of the file.
        source: the path once more, or the file's bytes, which were read before; the file itself may be gone then.
        row_class: the class.
    """
    producer = paths.producer(path, row_class.PRODUCER)
    if source is path and not path.exists():
        raise MissingArtefactError(str(path), producer)
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            _demand_columns(path, file.schema_arrow, row_class, producer)
            yield file
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's, not the file's
            raise
        raise SchemaError(f"{path} is damaged ({first_line(error)}); {_mend(producer)}") from None


def _demand_columns(path: Path, schema: pa.Schema, row_class: type[Any], producer: str) -> None:
    columns = {f.name: f.type for f in schema if f.name != "row_key"}
    expected = {f.name: f.type for f in arrow_schema(row_class)}
    if columns != expected:
        odd = sorted(set(columns.items()) ^ set(expected.items()), key=str)
        raise SchemaError(f"{path}: columns differ from {row_class.__name__}: {odd}; {_mend(producer)}")


def _sound(table: pa.Table) -> pa.Table:
    """The same table; text that is no UTF-8 would fail later and elsewhere."""
    table.validate(full=True)
    return table


def _mend(producer: str) -> str:
    return f"run `dvc repro --force {producer.replace(',', '')}`"


def first_line(error: Exception) -> str:
    """What Arrow says of a file, without the file."""
    return str(error).partition("\n")[0].rpartition("': ")[2].rstrip(".")


def rows_of(table: pa.Table, row_class: type[Row]) -> list[Row]:
    """The rows of a table that holds all columns of a class, and maybe others."""
    schema = arrow_schema(row_class)
    columns = [_values(table.column(f.name), f.type) for f in schema]
    return [
        row_class(**dict(zip(schema.names, values, strict=True))) for values in zip(*columns, strict=True)
    ]


def _values(column: pa.ChunkedArray, arrow: pa.DataType) -> list[Any]:
    if arrow == pa.list_(pa.float32()):
        return [np.asarray(v, dtype=np.float32) for v in column.to_pylist()]
    if arrow in (pa.list_(pa.string()), pa.list_(pa.float64())):
        return [tuple(v) for v in column.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values
