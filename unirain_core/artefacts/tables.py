"""The only door to Parquet: rows of a schema class in, rows out; both sides are checked."""

import dataclasses
import types
import typing
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
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
}


def arrow_schema(row_class: type[Any]) -> pa.Schema:
    """The Arrow schema of a row class: its fields in order, nullable where `| None` stands."""
    hints = typing.get_type_hints(row_class)
    fields = []
    for field in dataclasses.fields(row_class):
        hint, nullable = hints[field.name], False
        if isinstance(hint, types.UnionType):
            hint, nullable = next(a for a in typing.get_args(hint) if a is not type(None)), True
        arrow = _ARROW.get(hint, pa.list_(pa.float32()))  # what is left are vectors
        fields.append(pa.field(field.name, arrow, nullable=nullable))
    return pa.schema(fields, metadata={"producer": row_class.PRODUCER})


def structure(row_class: type[Any]) -> str:
    """What the columns of a row class are: their names, types and whether they may be null.

    >>> from unirain_core.artefacts.schemas import Verdict
    >>> structure(Verdict).splitlines()[0]
    'pair_id: string not null'
    """
    text: str = arrow_schema(row_class).to_string(show_schema_metadata=False)
    return text


def write(
    path: Path, rows: Sequence[Row], row_class: type[Row], *, keys: Sequence[str] | None = None
) -> None:
    """Write a table whole or not at all: to a temporary name, fsynced, renamed.

    Args:
        path: the Parquet file; its folder is made.
        rows: in the order in which they shall stand.
        row_class: class of `artefacts.schemas`.
        keys: one content key per row, kept in a further column (the work store's shards).

    Raises:
        SchemaError: a row holds null where the schema allows none.
    """
    schema = arrow_schema(row_class)
    columns = {f.name: [getattr(row, f.name) for row in rows] for f in schema}
    empty = [f.name for f in schema if not f.nullable and any(v is None for v in columns[f.name])]
    if empty:
        raise SchemaError(f"{path}: null in {', '.join(empty)}, which {row_class.__name__} does not allow")
    arrays = [pa.array(columns[f.name], type=f.type) for f in schema]
    if keys is not None:
        schema, arrays = (
            schema.append(pa.field("row_key", pa.string(), nullable=False)),
            [*arrays, pa.array(keys)],
        )
    with whole_file(path) as file:
        table = pa.Table.from_arrays(arrays, schema=schema)
        pq.write_table(table, file, compression="zstd", write_page_checksum=True)


def read(path: Path, row_class: type[Row]) -> list[Row]:
    """Read a table written by `write`.

    Raises:
        MissingArtefactError: there is no such file; the message names the stage that writes it.
        SchemaError: the file has other columns, or is damaged.
    """
    return _rows(_checked(path, path, row_class), row_class)


def parse_keyed(
    path: Path, content: bytes, row_class: type[Row], wanted: Container[str]
) -> list[tuple[str, Row]]:
    """Those rows of a shard whose content key is wanted, each with its key.

    Args:
        path: of the shard, for messages.
        content: of the shard, whose hash was checked.
        row_class: class of `artefacts.schemas`.
        wanted: keys.

    Raises:
        SchemaError: the shard has other columns.
    """
    table = _checked(path, pa.BufferReader(content), row_class)
    keys: list[str] = table.column("row_key").to_pylist()
    keep = [index for index, key in enumerate(keys) if key in wanted]
    return [
        (keys[index], row)
        for index, row in zip(
            keep, _rows(table.take(pa.array(keep, type=pa.int64())), row_class), strict=True
        )
    ]


def _checked(path: Path, source: Path | pa.BufferReader, row_class: type[Any]) -> pa.Table:
    """The table of a file, with sound pages and the columns of its class."""
    producer = paths.producer(path, row_class.PRODUCER)
    if not path.exists():
        raise MissingArtefactError(str(path), producer)
    try:
        table = pq.read_table(source, page_checksum_verification=True)
        table.validate(full=True)  # text that is no UTF-8 would fail later and elsewhere
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's, not the file's
            raise
        raise SchemaError(f"{path} is damaged ({_first_line(error)}); {_mend(producer)}") from None
    columns = {f.name: f.type for f in table.schema if f.name != "row_key"}
    expected = {f.name: f.type for f in arrow_schema(row_class)}
    if columns != expected:
        odd = sorted(set(columns.items()) ^ set(expected.items()), key=str)
        raise SchemaError(f"{path}: columns differ from {row_class.__name__}: {odd}; {_mend(producer)}")
    return table


def _mend(producer: str) -> str:
    return f"run `dvc repro --force {producer.replace(',', '')}`"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rpartition("': ")[2].rstrip(".")


def _rows(table: pa.Table, row_class: type[Row]) -> list[Row]:
    schema = arrow_schema(row_class)
    columns = [_values(table.column(f.name), f.type) for f in schema]
    return [
        row_class(**dict(zip(schema.names, values, strict=True))) for values in zip(*columns, strict=True)
    ]


def _values(column: pa.ChunkedArray, arrow: pa.DataType) -> list[Any]:
    if arrow == pa.list_(pa.float32()):
        return [np.asarray(v, dtype=np.float32) for v in column.to_pylist()]
    if arrow == pa.list_(pa.string()):
        return [tuple(v) for v in column.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values
