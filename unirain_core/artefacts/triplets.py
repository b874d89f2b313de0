"""The triplets of a folder: a table, and beside it the pictures of Eq. 3 in one memory-mapped file."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tokenize import TokenError
from typing import BinaryIO, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import TripletRow
from unirain_core.artefacts.whole import whole_file
from unirain_core.errors import MissingArtefactError, SchemaError

TABLE, PICTURES = "triplets.parquet", "pictures.npy"
"""Names of the two files; the pictures stand in the order of the table's rows."""

_COLUMNS = ("id", "text_vector", "image_vector", "encoder", "input_hash")
"""The columns that a search needs; captions are for people."""

_WRITTEN_TOGETHER = 1024
"""Rows that are handed to the table's writer at once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncodedRow:
    """What the encoders make of one picture: a row of the table, and its picture."""

    PRODUCER: ClassVar[str] = TripletRow.PRODUCER

    id: str
    """Pair_id or photo_id."""
    caption: str
    """T."""
    caption_form: str
    """Which captioner and which form of caption."""
    text_vector: NDArray[np.float32]
    """Encoded caption, not normalised."""
    image_vector: NDArray[np.float32]
    """F, unit length."""
    picture: bytes
    """I, grey Rec. 601, side x side uint8, row by row: what Eq. (3) compares."""
    encoder: str
    """Names and versions of what made the row."""
    input_hash: str
    """Content hash of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Triplets:
    """Some triplets as columns; all have one order."""

    ids: tuple[str, ...]
    """Pair_id or photo_id."""
    input_hashes: tuple[str, ...]
    """Content hashes of the pictures."""
    encoders: tuple[str, ...]
    """What made the triplets: the different names, sorted."""
    text: NDArray[np.float32]
    """(N, D) encoded captions, not normalised."""
    image: NDArray[np.float32]
    """(N, E) image vectors."""
    pictures: NDArray[np.uint8]
    """(N, S, S) grey pictures, which may lie on the disk until they are used."""

    @classmethod
    def of(cls, rows: Sequence[EncodedRow]) -> Self:
        """The columns of these rows, at least one."""
        return cls(
            ids=tuple(row.id for row in rows),
            input_hashes=tuple(row.input_hash for row in rows),
            encoders=tuple(sorted({row.encoder for row in rows})),
            text=np.stack([row.text_vector for row in rows]).astype(np.float32),
            image=np.stack([row.image_vector for row in rows]).astype(np.float32),
            pictures=np.stack([_square(row.picture) for row in rows]),
        )


class Writer:
    """Takes triplets piece by piece; memory holds no more than a piece."""

    def __init__(self, table: tables.Writer, pictures: BinaryIO) -> None:
        self._table, self._pictures = table, pictures
        self._side = 0
        self.count = 0
        """Triplets so far."""

    def columns(self, encoded: pa.Table) -> None:
        """Append columns of `EncodedRow`.

        Raises:
            ValueError: a picture is no square, or has another side than the first.
        """
        self._table.columns(encoded)
        for picture in encoded.column("picture"):
            self._append(_square(picture.as_py()))

    def rows(self, rows: Sequence[EncodedRow]) -> None:
        """As `columns`, of rows."""
        self._table.rows(rows)
        for row in rows:
            self._append(_square(row.picture))

    def _append(self, picture: NDArray[np.uint8]) -> None:
        if not self.count:
            self._side = len(picture)
            self.write_header()
        if len(picture) != self._side:
            raise ValueError(f"pictures of side {self._side} are expected, found one of {len(picture)}")
        self._pictures.write(picture.tobytes())
        self.count += 1

    def write_header(self) -> None:
        """NumPy pads the header so that a larger first axis does not make it longer."""
        self._pictures.seek(0)
        shape = (self.count, self._side, self._side)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._pictures, header)


@contextmanager
def writer(folder: Path) -> Iterator[Writer]:
    """Write both files piece by piece, each whole or not at all."""
    with tables.writer(folder / TABLE, TripletRow) as table, whole_file(folder / PICTURES) as pictures:
        both = Writer(table, pictures)
        yield both
        both.write_header()  # their number is known only now


def write(folder: Path, rows: Iterable[EncodedRow]) -> None:
    """As `writer`, of all rows; memory holds few of them.

    Raises:
        ValueError: a picture is no square, or has another side than the first.
    """
    remaining = iter(rows)
    with writer(folder) as both:
        while batch := list(islice(remaining, _WRITTEN_TOGETHER)):
            both.rows(batch)


def _square(picture: bytes) -> NDArray[np.uint8]:
    """(S, S) grey picture of its bytes.

    Raises:
        ValueError: the bytes are no square.
    """
    side = round(len(picture) ** 0.5)
    return np.frombuffer(picture, dtype=np.uint8).reshape(side, side)


@dataclass(frozen=True, slots=True, eq=False)
class TripletFiles:
    """The two files of a folder, open; vectors and pictures are read when they are needed."""

    folder: Path
    count: int
    """Rows of the table, and pictures."""
    encoders: tuple[str, ...]
    """What made the triplets: the different names, sorted."""
    pictures: NDArray[np.uint8]
    """(N, S, S), memory-mapped."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Look at the table's rows, and map the pictures.

        Raises:
            MissingArtefactError: a file does not exist; the message names the stage that writes it.
            SchemaError: a file is damaged, or the pictures are not as many as the rows.
        """
        count, encoders = 0, set[str]()
        for batch in tables.batches(folder / TABLE, TripletRow, ["encoder"]):
            count += len(batch)
            encoders |= set(pc.unique(batch.column("encoder")).to_pylist())
        pictures = _mapped(folder / PICTURES, count)
        return cls(folder=folder, count=count, encoders=tuple(sorted(encoders)), pictures=pictures)

    def batches(self, rows: int) -> Iterator[Triplets]:
        """All triplets in their order, at most `rows` at a time.

        Raises:
            SchemaError: the table is damaged, or its vectors differ in length.
        """
        start = 0
        for table in tables.batches(self.folder / TABLE, TripletRow, _COLUMNS, rows):
            yield self._triplets(table, start)
            start += len(table)

    def read(self) -> Triplets:
        """All triplets at once, of which there is at least one; the pictures stay on the disk.

        Raises:
            SchemaError: the table is damaged, or its vectors differ in length.
        """
        return self._triplets(pa.concat_tables(tables.batches(self.folder / TABLE, TripletRow, _COLUMNS)), 0)

    def _triplets(self, table: pa.Table, start: int) -> Triplets:
        return Triplets(
            ids=tuple(table.column("id").to_pylist()),
            input_hashes=tuple(table.column("input_hash").to_pylist()),
            encoders=tuple(sorted(pc.unique(table.column("encoder")).to_pylist())),
            text=_matrix(self.folder / TABLE, table, "text_vector"),
            image=_matrix(self.folder / TABLE, table, "image_vector"),
            pictures=self.pictures[start : start + len(table)],
        )


def _matrix(path: Path, table: pa.Table, name: str) -> NDArray[np.float32]:
    """(N, D) of a column of vectors, without a Python object for each number."""
    column = table.column(name)
    lengths = pc.unique(pc.list_value_length(column)).to_pylist()
    if len(lengths) > 1:
        raise SchemaError(
            f"{path}: the vectors of {name} have different lengths ({sorted(lengths)}); {_mend(path)}"
        )
    parts = []
    for chunk in column.chunks:
        values = chunk.flatten()
        if values.null_count:
            raise SchemaError(f"{path}: null inside a vector of {name}; {_mend(path)}")
        parts.append(values.to_numpy(zero_copy_only=True).reshape(len(chunk), -1))
    matrix: NDArray[np.float32] = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return matrix


def _mapped(path: Path, count: int) -> NDArray[np.uint8]:
    """The pictures, memory-mapped."""
    if not path.exists():
        raise MissingArtefactError(str(path), paths.producer(path, TripletRow.PRODUCER))
    if not count:  # an empty file cannot be mapped
        return np.empty((0, 0, 0), dtype=np.uint8)
    try:
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, TokenError) as error:
        raise SchemaError(f"{path} is damaged ({error}); {_mend(path)}") from None
    is_square = pictures.ndim == 3 and pictures.shape[1] == pictures.shape[2]
    if not is_square or pictures.dtype != np.uint8 or len(pictures) != count:
        raise SchemaError(
            f"{path}: {count} square pictures of uint8 are expected, one for each row of {TABLE}, found "
            f"{pictures.dtype} of shape {pictures.shape}; {_mend(path)}"
        )
    size, expected = path.stat().st_size, pictures.offset + pictures.nbytes
    if size != expected:
        raise SchemaError(f"{path} is damaged ({expected} bytes are expected, found {size}); {_mend(path)}")
    plain: NDArray[np.uint8] = pictures.view(np.ndarray)  # slices of a memmap are slower to make
    return plain


def _mend(path: Path) -> str:
    return f"run `dvc repro --force {paths.producer(path, TripletRow.PRODUCER).replace(',', '')}`"
