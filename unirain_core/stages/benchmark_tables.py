"""Stage benchmark_tables: Table 1, a pure function of the scores."""

import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.schemas import Score
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import Method, RainType, Variant
from unirain_core.evaluation import tables as printed

STAGE = "benchmark_tables"
READS = (paths.BENCHMARK_SCORES, paths.BASELINE_SCORES)
WRITES = (paths.TABLES, paths.report(STAGE))
PARAMS = ("variants", "methods", "rain_types")

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    variants: Mapping[str, Variant],
    methods: Mapping[str, Method],
    rain_types: tuple[RainType, ...],
) -> None:
    """Write the tables of every benchmark."""
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
    report.write(root / paths.report(STAGE), _report(made, scores))
    logger.info("%s: %d tables", STAGE, len(made))


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
