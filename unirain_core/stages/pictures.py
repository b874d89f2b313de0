"""Stage pictures: rainy, restored by every method, clean, for a few pairs; no stage reads it."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Score, SplitRow
from unirain_core.artefacts.whole import whole_file, write_text
from unirain_core.config.sections import Method, Pictures, Variant
from unirain_core.evaluation import figures
from unirain_core.evaluation.figures import Picture, Row
from unirain_core.evaluation.summary import picture_name, shown
from unirain_core.imaging.codec import read_rgb, write_png
from unirain_core.imaging.pairs import read_pair

STAGE = "pictures"
READS = (paths.SPLIT, paths.BENCHMARK_SCORES, paths.BASELINE_SCORES, paths.TABLES)
"""The tables are no input of the page: their stage removes scores that params does not name, so it goes first."""
WRITES = (paths.PICTURES, paths.report(STAGE))
PARAMS = ("pictures", "variants", "methods")

_LEAD = (
    "The rainy picture, what every method made of it, and the clean picture; under each, PSNR and SSIM against the "
    "clean one, measured in the pictures' own size."
)

logger = logging.getLogger(__name__)


def run(
    root: Path, *, pictures: Pictures, variants: Mapping[str, Variant], methods: Mapping[str, Method]
) -> None:
    """Write the page and the same rows as one PNG."""
    folders = {name: root / paths.BASELINE_SCORES.format(partition=name) for name in methods}
    folders |= {name: root / paths.BENCHMARK_SCORES.format(partition=name) for name in variants}
    logger.info("%s: %d methods", STAGE, len(folders))
    scores: list[Score] = []
    for folder in folders.values():
        scores += tables.read(folder / "scores.parquet", Score)
    rows: list[Row] = []
    lead = ""
    if scores:
        benchmark = scores[0].benchmark
        scores = [score for score in scores if score.benchmark == benchmark]
        pairs = tables.read(root / paths.SPLIT / f"{benchmark}.parquet", SplitRow)
        inputs = {name for name, method in methods.items() if method.kind == "input"}
        notes = {(s.method, s.pair_id): f"{s.psnr:.2f} dB / {s.ssim:.3f}" for s in scores}
        page = _Page(roots=Roots.load(root), folders=folders, inputs=inputs, notes=notes)
        rows = [page.row(pair) for pair in shown(pairs, pictures.per_type)]
        lead = f"{_LEAD} Benchmark {benchmark}, protocol {scores[0].protocol}."
    _write(root / paths.PICTURES, rows, lead)
    report.write(root / paths.report(STAGE), Report(stage=STAGE, counts={"rows": len(rows)}))
    logger.info("%s: %d rows of pictures", STAGE, len(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What the rows of the page have in common."""

    roots: Roots
    folders: Mapping[str, Path]
    """Method to the folder of its scores."""
    inputs: Collection[str]
    """Methods that are the rainy picture itself; their scores stand under it."""
    notes: Mapping[tuple[str, str], str]
    """Scores in words, by method and pair_id."""

    def row(self, pair: SplitRow) -> Row:
        """Rainy picture, what each method made of it, clean picture."""
        folder = self.roots.folder(pair.root)
        rainy, clean = read_pair(
            folder / pair.input,
            folder / pair.target,
            pair.halves,
            rainy_hash=pair.input_hash,
            clean_hash=pair.target_hash,
        )
        notes = [self.notes.get((name, pair.pair_id), "") for name in sorted(self.inputs)]
        pictures = [Picture("rainy", rainy, notes[0] if notes else "")]
        for name, where in self.folders.items():
            file = where / "pictures" / picture_name(pair.pair_id)
            if name not in self.inputs and file.exists():
                pictures.append(Picture(name, read_rgb(file), self.notes.get((name, pair.pair_id), "")))
        pictures.append(Picture("clean", clean))
        return Row(f"{pair.rain_type}: {pair.pair_id}", pictures)


def _write(folder: Path, rows: Sequence[Row], lead: str) -> None:
    if rows:
        with whole_file(folder / "pictures.png") as file:
            write_png(file, figures.sheet(rows))
    write_text(folder / "pictures.html", figures.page(rows, "Restored pictures", lead))
