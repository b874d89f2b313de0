"""Stage benchmark_tables: Table 1 and the page of pictures, pure functions of the scores."""

import logging
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Score, SplitRow
from unirain_core.artefacts.whole import whole_file, write_text
from unirain_core.config.sections import BenchmarkTables, Method, RainType, Variant
from unirain_core.evaluation import figures
from unirain_core.evaluation import tables as printed
from unirain_core.evaluation.figures import Picture, Row
from unirain_core.evaluation.summary import picture_name, shown
from unirain_core.imaging.codec import read_rgb, write_png
from unirain_core.imaging.pairs import read_pair

STAGE = "benchmark_tables"
READS = (paths.SPLIT, paths.BENCHMARK_SCORES, paths.BASELINE_SCORES)
WRITES = (paths.TABLES, paths.report(STAGE))
PARAMS = ("benchmark_tables", "variants", "methods", "rain_types")

_LEAD = (
    "The rainy picture, what every method made of it, and the clean picture; under each, PSNR and SSIM against the "
    "clean one, measured in the pictures' own size."
)

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    benchmark_tables: BenchmarkTables,
    variants: Mapping[str, Variant],
    methods: Mapping[str, Method],
    rain_types: tuple[RainType, ...],
) -> None:
    """Write the tables of every benchmark and the pictures of a few pairs."""
    folders = {
        name: root / template.format(partition=name)
        for template, names in ((paths.BASELINE_SCORES, methods), (paths.BENCHMARK_SCORES, variants))
        for name in names
    }
    for template, names in ((paths.BASELINE_SCORES, methods), (paths.BENCHMARK_SCORES, variants)):
        _remove_unnamed(root / paths.common(template), names)
    logger.info("%s: %d methods", STAGE, len(folders))
    scores = [s for folder in folders.values() for s in tables.read(folder / "scores.parquet", Score)]
    benchmarks = list(dict.fromkeys(score.benchmark for score in scores))
    made = [printed.table(scores, name, list(folders), rain_types) for name in benchmarks]
    out = root / paths.TABLES
    write_text(out / "table1.md", _document(made))
    write_text(out / "table1.csv", printed.comma_separated(made))
    for given in made:
        write_text(out / f"table1_{given.benchmark}.tex", printed.latex(given))
    inputs = {name for name, method in methods.items() if method.kind == "input"}
    rows = _pictures(root, benchmarks, folders, scores, inputs, benchmark_tables.pictures_per_type)
    if rows:
        with whole_file(out / "pictures.png") as file:
            write_png(file, figures.sheet(rows))
    lead = f"{_LEAD} Benchmark {made[0].benchmark}, protocol {made[0].protocol}." if made else ""
    write_text(out / "pictures.html", figures.page(rows, "Restored pictures", lead))
    report.write(root / paths.report(STAGE), _report(made, scores))
    logger.info("%s: %d tables, %d rows of pictures", STAGE, len(made), len(rows))


def _remove_unnamed(folder: Path, names: Iterable[str]) -> None:
    """Remove scores that params does not name: DVC never removes the outs of a key that is gone."""
    for other in sorted(folder.iterdir()) if folder.is_dir() else ():
        if other.is_dir() and other.name not in names:
            shutil.rmtree(other)
            logger.info("%s: removed %s, which params does not name", STAGE, other.name)


def _document(made: Sequence[printed.Table]) -> str:
    tables = (
        f"## {given.benchmark}\n\n{printed.caption(given)}\n\n{printed.markdown(given)}" for given in made
    )
    return "\n".join([*tables, *(f"{note}\n" for note in printed.notes(made))])


def _pictures(
    root: Path,
    benchmarks: Sequence[str],
    folders: Mapping[str, Path],
    scores: Sequence[Score],
    inputs: Collection[str],
    per_type: int,
) -> list[Row]:
    """Rainy picture, what each method made of it, clean picture, for a few pairs of the first benchmark.

    The methods in `inputs` are the rainy picture itself; their scores stand under it.
    """
    if not benchmarks:
        return []
    roots = Roots.load(root)
    notes = {(s.method, s.pair_id): f"{s.psnr:.2f} dB / {s.ssim:.3f}" for s in scores}
    rows = []
    for pair in shown(tables.read(root / paths.SPLIT / f"{benchmarks[0]}.parquet", SplitRow), per_type):
        folder = roots.folder(pair.root)
        rainy, clean = read_pair(
            folder / pair.input,
            folder / pair.target,
            pair.halves,
            rainy_hash=pair.input_hash,
            clean_hash=pair.target_hash,
        )
        restored = [
            Picture(name, read_rgb(file), notes.get((name, pair.pair_id), ""))
            for name, where in folders.items()
            if name not in inputs and (file := where / "pictures" / picture_name(pair.pair_id)).exists()
        ]
        note = next((notes.get((name, pair.pair_id), "") for name in sorted(inputs)), "")
        pictures = [Picture("rainy", rainy, note), *restored, Picture("clean", clean)]
        rows.append(Row(f"{pair.rain_type}: {pair.pair_id}", pictures))
    return rows


def _report(made: Sequence[printed.Table], scores: Sequence[Score]) -> Report:
    """Figures of the first benchmark as `table1`, of the others as `table1_<benchmark>`."""
    named: dict[str, Json] = {
        "table1" if n == 0 else f"table1_{given.benchmark}": printed.figures(given)
        for n, given in enumerate(made)
    }
    return Report(
        stage=STAGE,
        counts={given.benchmark: sum(s.benchmark == given.benchmark for s in scores) for given in made},
        notes=printed.notes(made),
        figures={**named, "protocol": made[0].protocol if made else ""},
    )
