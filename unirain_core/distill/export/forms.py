"""The three forms of an exported split: folders of pictures, WebDataset's tar files, Parquet with the bytes."""

import io
import json
import tarfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Literal, Protocol, assert_never

import pyarrow as pa
import pyarrow.parquet as pq

from unirain_core.distill.export.pairs import EncodedPair, Facts

Form = Literal["folders", "webdataset", "parquet"]

SHARD_BYTES = 512 * 1024**2
"""Bytes of pictures after which a shard is full: another machine can fetch such a file in seconds."""

GROUP_BYTES = 64 * 1024**2
"""Bytes of pictures after which a row group is full: a reader of Parquet holds a whole group in memory."""

Place = tuple[str, str]
"""Where the rainy and the clean picture of a pair lie in the export."""


class Sink(Protocol):
    """Where encoded pairs go."""

    def add(self, pair: EncodedPair, facts: Facts) -> Place:
        """Write a pair, and say where it lies."""

    def close(self) -> None:
        """Complete the last file."""


def make_sink(form: Form, folder: Path) -> Sink:
    """The sink of a form, which writes into an empty folder."""
    match form:
        case "folders":
            return Folders(folder)
        case "webdataset":
            return TarShards(folder)
        case "parquet":
            return ParquetParts(folder)
        case _:
            assert_never(form)


class Folders:
    """The tree that the released code reads: TYPE/input/NAME beside TYPE/target/NAME."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, pair: EncodedPair, facts: Facts) -> Place:
        """Write two files."""
        name = f"{pair.key}{pair.suffix}"
        place = f"{facts.rain_type}/input/{name}", f"{facts.rain_type}/target/{name}"
        for path, content in zip(place, (pair.rainy, pair.clean), strict=True):
            file = self._folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return place

    def close(self) -> None:
        """Do nothing: no file is open."""


class TarShards:
    """WebDataset's tar files: KEY.input.png, KEY.target.png and KEY.json of a pair stand one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards = 0
        self._size = 0
        self._tar: tarfile.TarFile | None = None

    def add(self, pair: EncodedPair, facts: Facts) -> Place:
        """Write three members; a full shard is closed first."""
        if self._tar is None or self._size >= SHARD_BYTES:
            self._begin()
        place = (
            self._member(f"{pair.key}.input.png", pair.rainy),
            self._member(f"{pair.key}.target.png", pair.clean),
        )
        self._member(f"{pair.key}.json", json.dumps(asdict(facts), ensure_ascii=False).encode())
        self._size += len(pair.rainy) + len(pair.clean)
        return place

    def close(self) -> None:
        """Write the end of the last shard."""
        if self._tar is not None:
            self._tar.close()

    def _begin(self) -> None:
        self.close()
        self._name = f"shard-{self._shards:05d}.tar"
        self._tar = tarfile.open(self._folder / self._name, "w")  # noqa: SIM115 (closed by the next shard or `close`)
        self._shards += 1
        self._size = 0

    def _member(self, name: str, content: bytes) -> str:
        if self._tar is None:
            raise ValueError("no shard is open")
        member = tarfile.TarInfo(name)  # without times and owners, so that the same pairs give the same bytes
        member.size = len(content)
        self._tar.addfile(member, io.BytesIO(content))
        return f"{self._name}/{name}"


_SCHEMA = pa.schema(
    [pa.field(f.name, pa.int64() if f.type is int else pa.string(), nullable=False) for f in fields(Facts)]
    + [pa.field(side, pa.binary(), nullable=False) for side in ("input", "target")]
)


class ParquetParts:
    """Parquet files whose columns `input` and `target` hold the bytes of picture files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = 0
        self._rows: list[dict[str, str | int | bytes]] = []
        self._waiting = 0
        self._size = 0
        self._file: pq.ParquetWriter | None = None

    def add(self, pair: EncodedPair, facts: Facts) -> Place:
        """Keep the row in memory, and write the row group once it is full."""
        if self._file is None or self._size >= SHARD_BYTES:
            self._begin()
        self._rows.append({**asdict(facts), "input": pair.rainy, "target": pair.clean})
        size = len(pair.rainy) + len(pair.clean)
        self._waiting += size
        self._size += size
        if self._waiting >= GROUP_BYTES:
            self._flush()
        return self._name, self._name

    def close(self) -> None:
        """Write the rows that wait and the end of the last part."""
        if self._file is not None:
            self._flush()
            self._file.close()

    def _begin(self) -> None:
        self.close()
        self._name = f"part-{self._parts:05d}.parquet"
        # pictures are compressed already
        self._file = pq.ParquetWriter(
            self._folder / self._name, _SCHEMA, compression="none", write_page_checksum=True
        )
        self._parts += 1
        self._size = 0

    def _flush(self) -> None:
        if self._rows and self._file is not None:
            self._file.write_table(pa.Table.from_pylist(self._rows, schema=_SCHEMA))
            self._rows, self._waiting = [], 0
