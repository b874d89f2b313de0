"""Stage pictures: rainy, restored by every method, clean, for a few pairs; no stage reads it."""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.artefacts.whole import whole_file, write_text
from unirain_core.config.sections import Method, Pictures, RainType, Variant
from unirain_core.evaluation import pictures as page_of_pictures
from unirain_core.evaluation.metrics import METRICS
from unirain_core.evaluation.pictures import Panel, Row
from unirain_core.evaluation.seeds import groups
from unirain_core.evaluation.summary import picture_name, read_scores, shown
from unirain_core.imaging.codec import read_rgb, write_png
from unirain_core.imaging.pairs import read_both

STAGE = "pictures"
READS = (paths.TEST, paths.UNFILTERED, paths.BENCHMARK_SCORES, paths.BASELINE_SCORES, paths.TABLES)
"""The tables are no input of the page: their stage removes scores that params does not name, so it goes first."""
WRITES = (paths.PICTURES, paths.report(STAGE))
PARAMS = ("pictures", "variants", "methods", "rain_types")

_LEAD = (
    "The rainy picture, what every method made of it, and the clean picture. Under each stand its scores against the "
    "clean one, measured in the pictures' own size:"
)

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    pictures: Pictures,
    variants: Mapping[str, Variant],
    methods: Mapping[str, Method],
    rain_types: Sequence[RainType],
) -> None:
    """Write the page and the same rows as one PNG; of variants that differ only in their seed the first one is shown."""
    folders = {name: root / paths.BASELINE_SCORES.format(partition=name) for name in methods}
    folders |= {name: root / paths.BENCHMARK_SCORES.format(partition=name) for name in groups(variants)}
    logger.info("%s: %d methods", STAGE, len(folders))
    main = [metric.name for metric in METRICS if metric.is_main]
    scores = read_scores(folders.values()).filter(pl.col("metric").is_in(main))
    rows: list[Row] = []
    lead = ""
    if len(scores):
        benchmark, protocol = scores["benchmark"][0], scores["protocol"][0]
        scores = scores.filter(pl.col("benchmark") == benchmark)
        pairs = shown(tables.read(root / paths.SPLIT / f"{benchmark}.parquet", SplitRow), pictures.per_type)
        scores = scores.filter(pl.col("pair_id").is_in([pair.pair_id for pair in pairs]))
        inputs = {name for name, method in methods.items() if method.kind == "input"}
        page = _Page(roots=Roots.load(root), folders=folders, inputs=inputs, notes=_notes(scores))
        pairs.sort(key=lambda pair: rain_types.index(RainType(pair.rain_type)))
        rows = [page.row(pair) for pair in pairs]
        metrics = set(scores["metric"])
        titles = " / ".join(metric.title for metric in METRICS if metric.name in metrics)
        lead = f"{_LEAD} {titles}. Benchmark {benchmark}, protocol {protocol}."
    _write(root / paths.PICTURES, rows, lead)
    report.write(root / paths.report(STAGE), Report(stage=STAGE, counts={"rows": len(rows)}))
    logger.info("%s: %d rows of pictures", STAGE, len(rows))


def _notes(scores: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Scores in words, by method and pair_id."""
    by_name = {metric.name: metric for metric in METRICS}
    words: dict[tuple[str, str], list[str]] = defaultdict(list)
    for method, pair_id, metric, value in scores.select("method", "pair_id", "metric", "value").iter_rows():
        words[method, pair_id].append(by_name[metric].with_unit(value))
    return {place: " / ".join(of_pair) for place, of_pair in words.items()}


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
        rainy, clean = read_both(pair.rainy, pair.clean, self.roots)
        notes = [self.notes.get((name, pair.pair_id), "") for name in sorted(self.inputs)]
        pictures = [Panel("rainy", rainy, notes[0] if notes else "")]
        for name, where in self.folders.items():
            file = where / "pictures" / picture_name(pair.pair_id)
            if name not in self.inputs and file.exists():
                pictures.append(Panel(name, read_rgb(file), self.notes.get((name, pair.pair_id), "")))
        pictures.append(Panel("clean", clean))
        return Row(f"{pair.rain_type}: {pair.pair_id}", pictures)


def _write(folder: Path, rows: Sequence[Row], lead: str) -> None:
    if rows:
        with whole_file(folder / "pictures.png") as file:
            write_png(file, page_of_pictures.sheet(rows))
    write_text(folder / "pictures.html", page_of_pictures.page(rows, "Restored pictures", lead))
