"""Stage benchmark_tables: Table 1, and Table 2 where test sets are named: pure functions of the scores."""

import json
import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.partitions import remove_unnamed
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.schemas import Dropped
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import Method, RainType, Variant
from unirain_core.config.splits import Benchmark
from unirain_core.engine.store import WorkStore
from unirain_core.errors import GateError
from unirain_core.evaluation import seeds
from unirain_core.evaluation import tables as printed
from unirain_core.evaluation.summary import read_scores
from unirain_core.tracking.results import Result, tell

STAGE = "benchmark_tables"
READS = (paths.BENCHMARK_SCORES, paths.BASELINE_SCORES)
WRITES = (paths.TABLES, paths.report(STAGE))
PARAMS = ("variants", "methods", "benchmarks", "rain_types")

_PICTURE = ["benchmark", "pair_id", "data_hash"]
"""Columns that say which picture was scored."""

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    variants: Mapping[str, Variant],
    methods: Mapping[str, Method],
    benchmarks: Mapping[str, Benchmark],
    rain_types: tuple[RainType, ...],
) -> None:
    """Write the tables of every benchmark."""
    remove_unnamed(root / paths.common(paths.BASELINE_SCORES), methods, "methods")
    remove_unnamed(root / paths.common(paths.BENCHMARK_SCORES), variants, "variants")
    folders = {name: root / paths.BASELINE_SCORES.format(partition=name) for name in methods}
    folders |= {name: root / paths.BENCHMARK_SCORES.format(partition=name) for name in variants}
    logger.info("%s: %d methods", STAGE, len(folders))
    scores, notes = _compared(folders)
    names = scores["benchmark"].unique(maintain_order=True).to_list()
    lines = seeds.groups(variants)
    of_variants = [printed.table_of(scores, name, list(folders), rain_types) for name in names]
    comparisons = [seeds.merged(table, lines) for table in of_variants]
    out = root / paths.TABLES
    for table in of_variants:
        notes += seeds.verdicts(table, lines)
    notes += printed.notes(comparisons)
    write_text(out / "table1.md", _document(comparisons, notes))
    write_text(out / "table1.csv", printed.comma_separated(comparisons))
    for table in comparisons:
        write_text(out / f"table1_{table.benchmark}.tex", printed.latex(table))
    _write_metrics(root, comparisons)
    summary = _report(comparisons, scores, notes)
    if benchmarks:
        named = seeds.merged(printed.table_of_named(scores, list(benchmarks), list(folders)), lines)
        write_text(out / "table2.md", _document([named], notes))
        write_text(out / "table2.csv", printed.comma_separated([named]))
        write_text(out / "table2.tex", printed.latex(named))
        summary = replace(summary, figures={**summary.figures, "table2": printed.figures(named)})
    report.write(root / paths.report(STAGE), summary)
    logger.info("%s: %d tables", STAGE, len(comparisons))
    _tell(root, of_variants, variants)


def _write_metrics(root: Path, comparisons: Sequence[printed.Table]) -> None:
    """A small file for each method, which `dvc metrics show` prints as a row: the averages of the first benchmark."""
    shutil.rmtree(root / paths.METRICS, ignore_errors=True)
    for method, row in printed.averages(comparisons[0]).items() if comparisons else ():
        write_text(root / paths.METRICS / f"{method}.json", json.dumps(row, indent=2) + "\n")


def _tell(root: Path, of_variants: Sequence[printed.Table], variants: Iterable[str]) -> None:
    """Let MLflow show each variant's own figures, and not the mean over seeds, in the run that trained its weights."""
    results = [
        Result(variant=name, sha256=sha256, metrics=printed.named_figures(of_variants, name))
        for name in variants
        if (sha256 := _scored_weights(root, name))
    ]
    out = root / paths.TABLES
    tell(results, [out / "table1.md", out / "table1.csv"], WorkStore.at(root, STAGE).home / "runs", root)


def _scored_weights(root: Path, variant: str) -> str:
    """Hash of the weights that were scored, as the stage before says; empty where it does not."""
    file = root / paths.report("benchmark_scores", partitioned=True).format(partition=variant)
    return str(report.read(file).get("weights", "")) if file.exists() else ""


def _compared(folders: Mapping[str, Path]) -> tuple[pl.DataFrame, list[str]]:
    """The scores of pairs on which every method was scored, and a note that names the other pairs."""
    scores = read_scores(folders.values())
    left_out: dict[str, str] = {}
    for name, folder in folders.items():
        for row in tables.read(folder / "dropped.parquet", Dropped):
            left_out.setdefault(row.pair_id, f"{row.pair_id} ({name}: {row.reason})")
    compared = scores.filter(~pl.col("pair_id").is_in(list(left_out)))
    _demand_same_pictures(compared, list(folders))
    if not left_out:
        return compared, []
    return compared, [
        f"{len(left_out)} pairs are left out of every line, because a method could not be scored on them: "
        + ", ".join(left_out.values())
    ]


def _demand_same_pictures(scores: pl.DataFrame, methods: Sequence[str]) -> None:
    """A table compares methods on the same pictures, or not at all."""
    pictures = scores.select("method", *_PICTURE).unique()
    n_pictures = pictures.select(_PICTURE).n_unique()
    scored = dict(pictures.group_by("method").len().iter_rows())
    short = [name for name in methods if scored.get(name, 0) < n_pictures]
    if short:
        raise GateError(
            f"the methods were not scored on the same pictures: {', '.join(short)} lack some of {n_pictures}; run "
            "`dvc repro baseline_scores benchmark_scores`"
        )


def _document(comparisons: Sequence[printed.Table], notes: Sequence[str]) -> str:
    sections = [
        f"## {table.benchmark}\n\n{printed.caption(table)}\n\n{printed.markdown(table)}"
        for table in comparisons
    ]
    return "\n".join([*sections, *(f"{note}\n" for note in notes)])


def _report(comparisons: Sequence[printed.Table], scores: pl.DataFrame, notes: Sequence[str]) -> Report:
    """Figures of the first benchmark as `table1`, of the others as `table1_<benchmark>`."""
    named: dict[str, Json] = {
        "table1" if n == 0 else f"table1_{table.benchmark}": printed.figures(table)
        for n, table in enumerate(comparisons)
    }
    scored = scores.select("method", "benchmark", "pair_id").unique()
    counts = dict(scored.group_by("benchmark").len().iter_rows())
    return Report(
        stage=STAGE,
        counts={table.benchmark: counts[table.benchmark] for table in comparisons},
        notes=notes,
        figures={**named, "protocol": comparisons[0].protocol if comparisons else ""},
    )
