"""Table 1, methods by rain types, and Table 2, methods by test sets: pure functions of the scores, as Markdown, LaTeX and CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import polars as pl

from unirain_core.artefacts.report import Json
from unirain_core.evaluation.metrics import METRICS, Metric
from unirain_core.evaluation.summary import Mean, means

AVERAGE = "average"
"""Name of the column of the types' average."""

Cell = Mean | str
"""Means, or the reason why there are none."""

Emphasis = Callable[[str, int], str]
"""A figure and its place among the methods (0 is the best) to the figure as it is printed."""


@dataclass(frozen=True, slots=True)
class Table:
    """One benchmark: a line for each method, a column for each rain type and one for their average."""

    benchmark: str
    """Name of the split."""
    protocol: str
    """The way in which pictures were compared."""
    columns: tuple[str, ...]
    """Rain types, then the average."""
    lines: Mapping[str, tuple[Cell, ...]]
    """Method to its cells."""

    def has(self, metric: Metric) -> bool:
        """Whether any cell has the metric's mean."""
        cells = [cell for line in self.lines.values() for cell in line]
        return any(isinstance(cell, Mean) and isinstance(cell.figures[metric.name], float) for cell in cells)

    @property
    def main(self) -> tuple[Metric, ...]:
        """The metrics of every cell."""
        return tuple(metric for metric in METRICS if metric.is_main and self.has(metric))

    @property
    def averaged(self) -> tuple[Metric, ...]:
        """The metrics whose average has a column of its own."""
        return tuple(metric for metric in METRICS if not metric.is_main and self.has(metric))


def table_of(
    scores: pl.DataFrame, benchmark: str, methods: Sequence[str], rain_types: Sequence[str]
) -> Table:
    """The table of one benchmark.

    The average is the mean of the types' means, so that each type counts once, as in the authors' code. It exists
    only where every type has a mean.

    Args:
        scores: columns of `Score`, of any benchmarks and methods.
        benchmark: whose scores stand in the table.
        methods: in the order of the lines.
        rain_types: in the order of the columns.

    Raises:
        ValueError: the scores follow different protocols.
    """
    rows = scores.filter(pl.col("benchmark") == benchmark)
    protocols = rows["protocol"].unique().sort().to_list()
    if len(protocols) > 1:
        raise ValueError(f"figures of the protocols {protocols} do not belong into one table")
    of_type = means(rows)
    scored = {method for method, _, _ in of_type}
    lines: dict[str, tuple[Cell, ...]] = {}
    for method in methods:
        empty = f"no pair in {benchmark}" if method in scored else f"not scored on {benchmark}"
        cells = [of_type.get((method, benchmark, kind), empty) for kind in rain_types]
        lines[method] = (*cells, _average(cells))
    return Table(benchmark, "".join(protocols), (*rain_types, AVERAGE), lines)


NAMED = "named benchmarks"
"""Stands for the benchmark in the table whose columns are benchmarks."""


def table_of_named(scores: pl.DataFrame, benchmarks: Sequence[str], methods: Sequence[str]) -> Table:
    """Table 2: a column for each named test set, the mean of all its pictures, and their average.

    Args:
        scores: columns of `Score`.
        benchmarks: in the order of the columns.
        methods: in the order of the lines.
    """
    rows = scores.filter(pl.col("benchmark").is_in(benchmarks))
    by_benchmark = rows.with_columns(rain_type=pl.col("benchmark"), benchmark=pl.lit(NAMED))
    return table_of(by_benchmark, NAMED, methods, benchmarks)


def caption(table: Table) -> str:
    """The meaning of the table's figures."""
    figures = " / ".join(map(_described, table.main))
    columns = "".join(f" Column {_described(metric)}: the average of the types." for metric in table.averaged)
    averages = [line[-1] for line in table.lines.values()]
    has_seeds = any(isinstance(cell, Mean) and cell.n_seeds > 1 for cell in averages)
    seeds = " ±: standard deviation over seeds." if has_seeds else ""
    return f"{figures}, protocol `{table.protocol}`; best bold, second underlined.{columns}{seeds}"


def notes(tables: Sequence[Table]) -> list[str]:
    """Remedies for figures that are absent from the tables and that a person can bring about."""
    absent = [metric for metric in METRICS if not all(table.has(metric) for table in tables)]
    return [f"{metric.title} n/a: {metric.missing}." for metric in absent if metric.missing]


def markdown(table: Table) -> str:
    """GitHub's Markdown; the best bold, the second underlined."""
    head, *rows = _lines(table, lambda f, place: (f"**{f}**", f"<u>{f}</u>", f)[min(place, 2)])
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def latex(table: Table) -> str:
    """A `tabular` of the package booktabs; the best bold, the second underlined."""
    cells = _lines(table, lambda f, place: (rf"\textbf{{{f}}}", rf"\underline{{{f}}}", f)[min(place, 2)])
    head, *rows = (" & ".join(line).replace("_", r"\_") + r" \\" for line in cells)
    begin = rf"\begin{{tabular}}{{l{'c' * (len(cells[0]) - 1)}}}"
    return "\n".join([begin, r"\toprule", head, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}", ""])


def comma_separated(tables: Sequence[Table]) -> str:
    """CSV of all tables, one line for each benchmark, method and column; `note` says why figures are absent."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = [metric.name for metric in METRICS]
    spreads = [f"{name}_sd" for name in names]
    writer.writerow(
        ["benchmark", "protocol", "method", "rain_type", *names, "pairs", "seeds", *spreads, "note"]
    )
    for table in tables:
        for method, cells in table.lines.items():
            for column, cell in zip(table.columns, cells, strict=True):
                writer.writerow([table.benchmark, table.protocol, method, column, *_fields(cell)])
    return file.getvalue()


def figures(table: Table) -> dict[str, Json]:
    """Method to column to metrics, for a report, with spreads over seeds as NAME_sd; figures without data are left out."""
    lines: dict[str, Json] = {}
    for method, cells in table.lines.items():
        by_column = zip(table.columns, cells, strict=True)
        lines[method] = {column: _numbers(cell) for column, cell in by_column if isinstance(cell, Mean)}
    return lines


def averages(table: Table) -> dict[str, dict[str, float]]:
    """Method to its averages as printed, and as `worst_...` the first metric of the rain type on which it is worst."""
    first = METRICS[0]
    worst = min if first.larger_is_better else max
    rows: dict[str, dict[str, float]] = {}
    for method, (*cells, average) in table.lines.items():
        row: dict[str, float] = {}
        for metric in METRICS:
            figure = _figure(average, metric)
            if not isinstance(figure, str):
                row[metric.name] = float(metric.printed(figure))
        of_types = [figure for cell in cells if not isinstance(figure := _figure(cell, first), str)]
        if of_types:
            row[f"worst_{first.name}"] = float(first.printed(worst(of_types)))
        rows[method] = row
    return rows


def named_figures(tables: Sequence[Table], method: str) -> dict[str, float]:
    """A method's means in all tables, by the tables' names: `BENCHMARK/METRIC/COLUMN`; those without data are left out."""
    named: dict[str, float] = {}
    for table in tables:
        for column, cell in zip(table.columns, table.lines[method], strict=True):
            means_of_cell = cell.figures if isinstance(cell, Mean) else {}
            for metric, figure in means_of_cell.items():
                if not isinstance(figure, str):
                    named[f"{table.benchmark}/{metric}/{column}"] = figure
    return named


def _described(metric: Metric) -> str:
    unit = f" in {metric.unit}" if metric.unit else ""
    return f"{metric.title}{unit}{'' if metric.larger_is_better else ' (smaller is better)'}"


def _figure(cell: Cell, metric: Metric) -> float | str:
    """The metric's mean in a cell, or the reason why there is none."""
    return cell if isinstance(cell, str) else cell.figures[metric.name]


def _numbers(mean: Mean) -> dict[str, Json]:
    numbers: dict[str, Json] = {name: f for name, f in mean.figures.items() if not isinstance(f, str)}
    return numbers | {f"{name}_sd": spread for name, spread in mean.spreads.items()}


def _fields(cell: Cell) -> list[str]:
    """A cell in CSV: a field for each metric, with two decimals more than in print, pairs, seeds, spreads over seeds, and note."""
    if isinstance(cell, str):
        return [*("" for _ in METRICS), "", "", *("" for _ in METRICS), cell]
    fields: list[str] = []
    reasons: list[str] = []
    for metric in METRICS:
        figure = cell.figures[metric.name]
        if isinstance(figure, str):
            reasons.append(f"{metric.title}: {figure}")
        fields.append("" if isinstance(figure, str) else f"{figure:.{metric.digits + 2}f}")
    spreads = [
        f"{cell.spreads[metric.name]:.{metric.digits + 2}f}" if metric.name in cell.spreads else ""
        for metric in METRICS
    ]
    return [*fields, str(cell.pairs), str(cell.n_seeds), *spreads, "; ".join(reasons)]


def _average(cells: Sequence[Cell]) -> Cell:
    types = [cell for cell in cells if isinstance(cell, Mean)]
    if len(types) < len(cells):
        return "a type is missing" if types else "no type"
    averages: dict[str, float | str] = {}
    for metric in METRICS:
        averages[metric.name] = _mean([cell.figures[metric.name] for cell in types])
    return Mean(averages, sum(cell.pairs for cell in types))


def _mean(figures: Sequence[float | str]) -> float | str:
    """Mean of the types' figures, or the first reason why one of them is absent."""
    reason = next((figure for figure in figures if isinstance(figure, str)), None)
    return reason or fmean(figure for figure in figures if not isinstance(figure, str))


def _lines(table: Table, emphasis: Emphasis) -> list[list[str]]:
    """Every line as text, the head first."""
    columns = [["method", *(_label(name, cells) for name, cells in table.lines.items())]]
    by_column = list(zip(*table.lines.values(), strict=True))
    for name, cells in zip(table.columns, by_column, strict=True):
        columns.append([name, *_column(cells, table.main, emphasis)])
    for metric in table.averaged:
        columns.append([metric.title, *_column(by_column[-1], [metric], emphasis)])
    return [list(line) for line in zip(*columns, strict=True)]


def _label(name: str, cells: Sequence[Cell]) -> str:
    """A method, and the number of trainings that its line stands for."""
    n_seeds = max((cell.n_seeds for cell in cells if isinstance(cell, Mean)), default=1)
    return name if n_seeds == 1 else f"{name} ({n_seeds} seeds)"


def _column(cells: Sequence[Cell], metrics: Sequence[Metric], emphasis: Emphasis) -> list[str]:
    """The cells as text; a stroke parts the figures of several metrics."""
    marked = [_marked(cells, metric, emphasis) for metric in metrics]
    texts: list[str] = []
    for number, cell in enumerate(cells):
        of_all = " / ".join(column[number] for column in marked)
        texts.append(f"({cell})" if isinstance(cell, str) else of_all)
    return texts


def _marked(cells: Sequence[Cell], metric: Metric, emphasis: Emphasis) -> list[str]:
    """One metric's figures as text, each with the emphasis of its place; equal printed figures share it."""
    all_of_them = [_figure(cell, metric) for cell in cells]
    printed = {metric.printed(figure) for figure in all_of_them if not isinstance(figure, str)}
    places = sorted(printed, key=float, reverse=metric.larger_is_better)
    texts: list[str] = []
    for cell, figure in zip(cells, all_of_them, strict=True):
        if isinstance(figure, str):
            texts.append(f"({figure})")
        else:
            marked = emphasis(metric.printed(figure), places.index(metric.printed(figure)))
            texts.append(f"{marked}{_spread(cell, metric)}")
    return texts


def _spread(cell: Cell, metric: Metric) -> str:
    """The standard deviation over seeds, where there are several."""
    if isinstance(cell, str) or metric.name not in cell.spreads:
        return ""
    return f" ± {metric.printed(cell.spreads[metric.name])}"
