"""Tables whose rows have a content key each: the work store's shards, of whatever class their rows are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from unirain_core.artefacts.tables import GROUP_ROWS, first_line
from unirain_core.artefacts.whole import whole_file
from unirain_core.errors import SchemaError


def keys_of(path: Path) -> list[str]:
    """The content keys of a keyed table's rows; nothing else of it is read.

    Raises:
        SchemaError: the file is no keyed table, or is damaged.
    """
    with _keyed(path, path) as file:
        keys: list[str] = file.read(columns=["row_key"]).column("row_key").to_pylist()
        return keys


def shape(path: Path) -> tuple[int, str]:
    """Number of rows of a keyed table of any class, and what its columns are.

    Raises:
        SchemaError: the file is no keyed table, or is damaged.
    """
    with _keyed(path, path) as file:
        return file.metadata.num_rows, file.schema_arrow.to_string()


def join(path: Path, contents: Sequence[bytes]) -> None:
    """Write keyed tables of one class as one table, whole or not at all.

    Args:
        path: the new file.
        contents: of the files that are joined, in their order; their hashes were checked.
    """
    parts = []
    for content in contents:
        with _keyed(path, pa.BufferReader(content)) as file:
            parts.append(file.read())
    with whole_file(path) as handle:
        pq.write_table(
            pa.concat_tables(parts).combine_chunks(),
            handle,
            row_group_size=GROUP_ROWS,
            compression="zstd",
            write_page_checksum=True,
        )


@contextmanager
def _keyed(path: Path, source: Path | pa.BufferReader) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            if "row_key" not in file.schema_arrow.names:
                raise SchemaError(f"{path} has no keys")
            yield file
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's, not the file's
            raise
        raise SchemaError(f"{path} has no keys that can be read ({first_line(error)})") from None
