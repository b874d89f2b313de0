"""A split of this project as a folder that others can train on, with its card, its description and its list of pairs."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path

import polars as pl

from unirain_core.artefacts import tables
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.distill.export.card import SMALLEST, Card, readme
from unirain_core.distill.export.croissant import croissant
from unirain_core.distill.export.forms import Sink, make_sink
from unirain_core.distill.export.pairs import EncodedPair, Facts, dataset_of, encode, key
from unirain_core.distill.export.place import whole_folder

LIST = "pairs.csv"

_AT_ONCE = 32
"""Pairs whose pictures are in memory at the same time: 640 MB if a picture has 10 MB."""

_PLACES = ("input", "target", "input_sha256", "target_sha256")

_MEDIA_TYPES = {".csv": "text/csv", ".tar": "application/x-tar", ".parquet": "application/x-parquet"}


def export(split: Path, out: Path, roots: Roots, card: Card, tell: Callable[[], object]) -> Card:
    """Write a split into a new folder, which appears under its name once it is complete.

    Args:
        split: the table of the pairs.
        out: a folder that does not exist, or is empty.
        roots: where the datasets lie.
        card: the facts of the export; its counts are filled in here.
        tell: is called after each pair.

    Returns:
        The card with its counts.

    Raises:
        ConfigError: something is in the folder already.
        BusyError: another process exports into the same folder.
        ChangedInputError: a picture is not the one that was listed; the message names it.
        ItemError: a picture cannot be read.
    """
    with whole_folder(out) as folder:
        tally = _Tally()
        with (
            closing(make_sink(card.form, folder)) as sink,
            (folder / LIST).open("w", encoding="utf-8", newline="") as file,
        ):
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow([*(column.name for column in fields(Facts)), *_PLACES])
            for pair in _encoded(split, roots, only_png=card.form == "webdataset"):
                facts = _facts(pair, card)
                lines.writerow([*asdict(facts).values(), *_written(pair, facts, sink)])
                tally.note(facts, pair)
                tell()
        whole = replace(card, counts=tally.counts, n_small=tally.n_small)
        _describe(whole, folder, sorted(tally.suffixes))
    return whole


@dataclass(slots=True)
class _Tally:
    """Counts of the pairs that have been written so far."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_small: int = 0
    suffixes: set[str] = field(default_factory=set)

    def note(self, facts: Facts, pair: EncodedPair) -> None:
        self.counts[facts.rain_type, facts.dataset] += 1
        self.n_small += min(facts.width, facts.height) < SMALLEST
        self.suffixes.add(pair.suffix)


def _encoded(split: Path, roots: Roots, *, only_png: bool) -> Iterator[EncodedPair]:
    """The pairs of a split in the order of their names.

    Threads suffice to use all cores, since decoding and encoding release the interpreter's lock.

    Raises:
        ValueError: two pairs have one name.
    """
    rows = tables.columns(split, SplitRow, SplitRow.__slots__)
    names = pl.Series("name", [key(pair_id) for pair_id in rows["pair_id"]], dtype=pl.String)
    if names.n_unique() < len(names):
        raise ValueError(f"{split}: two pairs have the same name")
    rows = rows.with_columns(names).sort("name").drop("name")
    work = partial(encode, roots=roots, only_png=only_png)
    with ThreadPoolExecutor() as pool:
        for piece in rows.iter_slices(_AT_ONCE):
            yield from pool.map(work, tables.rows_of(piece.to_arrow(), SplitRow))


def _facts(pair: EncodedPair, card: Card) -> Facts:
    row = pair.row
    dataset = dataset_of(row.pair_id)
    source = card.sources[dataset]
    return Facts(
        pair_id=row.pair_id,
        rain_type=row.rain_type,
        dataset=dataset,
        scene=row.scene_id,
        width=pair.width,
        height=pair.height,
        terms=source.terms,
        source=source.text,
    )


def _written(pair: EncodedPair, facts: Facts, sink: Sink) -> tuple[str, ...]:
    """The columns `_PLACES` of a pair that has been written."""
    rainy, clean = sink.add(pair, facts)
    hashes = (hashlib.sha256(content).hexdigest() for content in (pair.rainy, pair.clean))
    return rainy, clean, *hashes


def _describe(card: Card, folder: Path, suffixes: Sequence[str]) -> None:
    """Write the card and the description of what is in the folder by now.

    Args:
        card: with its counts.
        folder: of the export.
        suffixes: of all pictures, in whatever form they were written.
    """
    files: list[Mapping[str, str]] = []
    for file in sorted(folder.iterdir()):
        if file.suffix in _MEDIA_TYPES:
            with file.open("rb") as content:
                sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            files.append({"name": file.name, "encodingFormat": _MEDIA_TYPES[file.suffix], "sha256": sha256})
    columns = {column.name: "sc:Integer" if column.type is int else "sc:Text" for column in fields(Facts)}
    columns |= dict.fromkeys(_PLACES, "sc:Text")
    loose = suffixes if card.form == "folders" else ()  # in shards the pictures are no files of their own
    description = croissant(card, files=files, columns=columns, suffixes=loose)
    (folder / "croissant.json").write_text(
        json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / "README.md").write_text(readme(card), encoding="utf-8")
