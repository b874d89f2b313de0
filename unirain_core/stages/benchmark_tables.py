"""Stage benchmark_tables: Table 1, a pure function of the scores."""

import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.schemas import Dropped, Score
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import Method, RainType, Variant
from unirain_core.errors import GateError
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
    scores, notes = _compared(folders)
    benchmarks = list(dict.fromkeys(score.benchmark for score in scores))
    made = [printed.table(scores, name, list(folders), rain_types) for name in benchmarks]
    out = root / paths.TABLES
    notes += printed.notes(made)
    write_text(out / "table1.md", _document(made, notes))
    write_text(out / "table1.csv", printed.comma_separated(made))
    for given in made:
        write_text(out / f"table1_{given.benchmark}.tex", printed.latex(given))
    report.write(root / paths.report(STAGE), _report(made, scores, notes))
    logger.info("%s: %d tables", STAGE, len(made))


def _remove_unnamed(folder: Path, names: Iterable[str]) -> None:
    """Remove scores that params does not name: DVC never removes the outs of a key that is gone."""
    for other in sorted(folder.iterdir()) if folder.is_dir() else ():
        if other.is_dir() and other.name not in names:
            shutil.rmtree(other)
            logger.info("%s: removed %s, which params does not name", STAGE, other.name)


def _compared(folders: Mapping[str, Path]) -> tuple[list[Score], list[str]]:
    """The scores of pairs on which every method was scored, and a note that names the other pairs."""
    scores: list[Score] = []
    left_out: dict[str, str] = {}
    for name, folder in folders.items():
        scores += tables.read(folder / "scores.parquet", Score)
        for row in tables.read(folder / "dropped.parquet", Dropped):
            left_out.setdefault(row.pair_id, f"{row.pair_id} ({name}: {row.reason})")
    compared = [score for score in scores if score.pair_id not in left_out]
    _demand_same_pictures(compared, list(folders))
    if not left_out:
        return compared, []
    return compared, [
        f"{len(left_out)} pairs are left out of every line, because a method could not be scored on them: "
        + ", ".join(left_out.values())
    ]


def _demand_same_pictures(scores: Sequence[Score], methods: Sequence[str]) -> None:
    """A table compares methods on the same pictures, or not at all."""
    scored: dict[str, set[tuple[str, str, str]]] = {name: set() for name in methods}
    for score in scores:
        scored[score.method].add((score.benchmark, score.pair_id, score.data_hash))
    every = set.union(*scored.values())
    short = [name for name, pictures in scored.items() if pictures != every]
    if short:
        raise GateError(
            f"the methods were not scored on the same pictures: {', '.join(short)} lack some of {len(every)}; run "
            "`dvc repro baseline_scores benchmark_scores`"
        )


def _document(made: Sequence[printed.Table], notes: Sequence[str]) -> str:
    tables = (
        f"## {given.benchmark}\n\n{printed.caption(given)}\n\n{printed.markdown(given)}" for given in made
    )
    return "\n".join([*tables, *(f"{note}\n" for note in notes)])


def _report(made: Sequence[printed.Table], scores: Sequence[Score], notes: Sequence[str]) -> Report:
    """Figures of the first benchmark as `table1`, of the others as `table1_<benchmark>`."""
    named: dict[str, Json] = {
        "table1" if n == 0 else f"table1_{given.benchmark}": printed.figures(given)
        for n, given in enumerate(made)
    }
    return Report(
        stage=STAGE,
        counts={given.benchmark: sum(s.benchmark == given.benchmark for s in scores) for given in made},
        notes=notes,
        figures={**named, "protocol": made[0].protocol if made else ""},
    )
