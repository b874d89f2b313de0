"""Stage leakage_report: finds scenes that stand in several sets of the pool; no stage reads its results."""

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.artefacts.whole import write_text
from unirain_core.distill.leakage import Leak, Pairs, leaks
from unirain_core.distill.leakage_page import as_csv, into_training, measured, page
from unirain_core.distill.looks import Look, LookAtPairs
from unirain_core.distill.sightings import Pictures, flat, sightings
from unirain_core.engine.jobs import Failed
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.imaging.views import N_WINDOWS, SMALL, Octets

STAGE = "leakage_report"
READS = (paths.RAW,)
WRITES = (paths.LEAKAGE, paths.report(STAGE))
PARAMS = ()

ALGORITHM = "1"

logger = logging.getLogger(__name__)


def run(root: Path) -> None:
    """Write the page, the table behind it, and the report.

    Raises:
        ChangedInputError: a file is not the one that was listed; all others are looked at, and that work is kept.
    """
    # in files, since a million pairs have 1 GB of small pictures and a quarter of that of hashes, and few are read again
    with tempfile.TemporaryFile() as small, tempfile.TemporaryFile() as rain:
        pool = _Pool(small, rain)
        for row, look in _looks(root):
            pool.take(row, look)
        logger.info("%s: %d pairs, %d distinct clean pictures", STAGE, len(pool.names), len(pool.sizes))
        pictures = pool.pictures()
        shared = leaks(pool.pairs(), sightings(pictures), list(pool.parts), pool.names)
        n_flat = int(flat(pictures).sum())
        notes = _notes(pool, n_flat)
        del pictures  # its arrays are mapped from the files that end with this block
    write_text(root / paths.LEAKAGE / "leakage.csv", as_csv(shared))
    write_text(root / paths.LEAKAGE / "leakage.md", page(shared, notes))
    report.write(root / paths.report(STAGE), _report(pool, shared, n_flat, notes))
    logger.info("%s: %d held-out pairs have their scene in a training set", STAGE, _held_out(shared))


def _looks(root: Path) -> Iterator[tuple[ManifestRow, Look | Failed]]:
    """Every pair of the manifest with its look; photos have no clean picture, so they are left out."""
    job = LookAtPairs(roots=Roots.load(root), algorithm=ALGORITHM)
    pieces = tables.batches(root / paths.RAW / "manifest.parquet", ManifestRow)
    batches = ([row for row in tables.rows_of(piece, ManifestRow) if row.role != "real"] for piece in pieces)
    for window in stream(job, batches, WorkStore.at(root, STAGE)):
        yield from zip(window.rows, window.outcomes(), strict=True)


@dataclass(slots=True, eq=False)
class _Pool:
    """Collects all pairs: numbers and hashes of clean pictures in memory, small pictures and hashes of rain in files."""

    small: BinaryIO
    rain: BinaryIO
    names: list[str] = field(default_factory=list)
    """Ids of the pairs."""
    parts: dict[tuple[str, str], int] = field(default_factory=dict)
    """Dataset and role to the number of the part."""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """Of each distinct clean picture."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Reason to the number of pairs that have no look."""
    _contents: dict[str, int] = field(default_factory=dict)
    """Hash of a clean picture to the number of its pixels."""
    _rainy: dict[str, int] = field(default_factory=dict)
    """Hash of a rainy picture to the number of its pixels."""
    _pictures: dict[tuple[int, int], int] = field(default_factory=dict)
    """Content and part to the picture's number."""
    _hashes: list[bytes] = field(default_factory=list)
    _rows: list[tuple[int, int, int]] = field(default_factory=list)
    """Part, picture and rainy pixels of each pair."""

    def take(self, row: ManifestRow, look: Look | Failed) -> None:
        """Add a pair, or count the reason for which it has no look."""
        problem = look.reason if isinstance(look, Failed) else look.problem
        if isinstance(look, Failed) or problem:
            self.left_out[problem or ""] += 1
            return
        part = self.parts.setdefault((row.dataset, row.role), len(self.parts))
        content = self._contents.setdefault(look.clean, len(self._contents))
        if content == len(self.sizes):
            self.sizes.append((look.height, look.width))
            self._hashes.append(look.hashes)
            self.small.write(look.small)
        picture = self._pictures.setdefault((content, part), len(self._pictures))
        self.names.append(row.pair_id)
        self.rain.write(look.rain)
        self._rows.append((part, picture, self._rainy.setdefault(look.rainy, len(self._rainy))))

    def pairs(self) -> Pairs:
        """All pairs."""
        part, picture, rainy = np.array(self._rows, dtype=np.int32).reshape(-1, 3).T
        rain = _mapped(self.rain, (len(self.names), N_WINDOWS, 32))
        return Pairs(part=part, picture=picture, rainy=rainy, rain=rain)

    def pictures(self) -> Pictures:
        """The distinct clean pictures of each part."""
        n = len(self.sizes)
        small = _mapped(self.small, (n, SMALL, SMALL))
        content, part = np.array(list(self._pictures), dtype=np.int32).reshape(-1, 2).T
        hashes = np.frombuffer(b"".join(self._hashes), np.uint8).reshape(n, N_WINDOWS, 32)
        sizes = np.array(self.sizes, dtype=np.int32).reshape(-1, 2)
        return Pictures(content=content, part=part, hashes=hashes, small=small, sizes=sizes)


def _mapped(file: BinaryIO, shape: tuple[int, ...]) -> Octets:
    """The content of a file as an array; an empty file cannot be mapped."""
    file.flush()
    return np.memmap(file, np.uint8, "r", shape=shape) if shape[0] else np.empty(shape, np.uint8)


def _held_out(shared: list[Leak]) -> int:
    """Held-out pairs whose scene stands in a training set."""
    return sum(leak.pairs for leak in into_training(shared))


def _notes(pool: _Pool, n_flat: int) -> list[str]:
    notes = [
        f"{len(pool.names):,} pairs of {len(pool.parts)} sets were compared by their clean pictures, of which "
        f"{len(pool.sizes):,} are distinct; photos of the real-rain database have none, and are not compared",
        "a pair that shares its scene with several kinds of copy counts as the plainest of them",
    ]
    if n_flat:
        notes.append(
            f"{n_flat:,} clean pictures have no structure to recognise: only equal pixels were looked for"
        )
    if pool.left_out:
        reasons = ", ".join(f"{reason} {number}" for reason, number in sorted(pool.left_out.items()))
        notes.append(f"{pool.left_out.total():,} pairs could not be looked at: {reasons}")
    return notes


def _report(pool: _Pool, shared: list[Leak], n_flat: int, notes: list[str]) -> Report:
    kinds = Counter[str]()
    for leak in shared:
        kinds[leak.kind] += leak.pairs
    return Report(
        stage=STAGE,
        counts={
            "pairs": len(pool.names),
            "clean_pictures": len(pool.sizes),
            "without_structure": n_flat,
            "held_out_in_training": _held_out(shared),
        },
        reasons=dict(sorted(pool.left_out.items())),
        notes=notes,
        figures={
            "leaks": [asdict(leak) for leak in shared],
            "kinds": dict(sorted(kinds.items())),
            "copies_of_own_making": measured()["copies"],  # type: ignore[dict-item]
            "no_copies": measured()["strangers"],  # type: ignore[dict-item]
        },
    )
