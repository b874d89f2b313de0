"""Table 1, methods by rain types: a pure function of the scores, as Markdown, LaTeX and CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from unirain_core.artefacts.report import Json
from unirain_core.artefacts.schemas import Score
from unirain_core.evaluation.summary import Mean, mean

AVERAGE = "average"
"""Name of the last column."""

Emphasis = Callable[[str, int], str]
"""A figure and its place among the methods (0 is the best) to the figure as it is printed."""


@dataclass(frozen=True, slots=True)
class Table:
    """One benchmark: a line for each method, a column for each rain type and one for their average."""

    benchmark: str
    """Name of the split."""
    protocol: str
    """How pictures were compared."""
    columns: tuple[str, ...]
    """Rain types, then the average."""
    lines: Mapping[str, tuple[Mean | str, ...]]
    """Method to its cells; a cell without data says why."""


def table(
    scores: Sequence[Score], benchmark: str, methods: Sequence[str], rain_types: Sequence[str]
) -> Table:
    """The table of one benchmark.

    The average is that of the types' means, each type counting once, as the authors' code has it; it exists
    only where every type has a mean.

    Args:
        scores: of any benchmarks and methods.
        benchmark: whose scores stand in the table.
        methods: in the order of the lines.
        rain_types: in the order of the columns.

    Raises:
        ValueError: the scores follow different protocols.
    """
    rows = [score for score in scores if score.benchmark == benchmark]
    protocols = sorted({row.protocol for row in rows})
    if len(protocols) > 1:
        raise ValueError(f"figures of the protocols {protocols} do not belong into one table")
    lines: dict[str, tuple[Mean | str, ...]] = {}
    for method in methods:
        own = [row for row in rows if row.method == method]
        cells = [mean(row for row in own if row.rain_type == kind) for kind in rain_types]
        empty = f"no pair in {benchmark}" if own else f"not scored on {benchmark}"
        lines[method] = (*(cell or empty for cell in cells), _average(cells))
    return Table(benchmark, "".join(protocols), (*rain_types, AVERAGE), lines)


def markdown(given: Table) -> str:
    """GitHub's Markdown; PSNR / SSIM, the best bold, the second underlined."""
    text = _cells(given, lambda figure, place: (f"**{figure}**", f"<u>{figure}</u>", figure)[min(place, 2)])
    head = ["method", *given.columns]
    lines = [head, ["---"] * len(head), *([name, *cells] for name, cells in text.items())]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def latex(given: Table) -> str:
    """A `tabular` of the package booktabs; the best bold, the second underlined."""
    text = _cells(given, lambda f, place: (rf"\textbf{{{f}}}", rf"\underline{{{f}}}", f)[min(place, 2)])
    head = ["method", *given.columns]
    rows = [
        " & ".join(line).replace("_", r"\_") + r" \\"
        for line in [head, *([name, *cells] for name, cells in text.items())]
    ]
    begin = rf"\begin{{tabular}}{{l{'c' * len(given.columns)}}}"
    return "\n".join(
        [begin, r"\toprule", rows[0], r"\midrule", *rows[1:], r"\bottomrule", r"\end{tabular}", ""]
    )


def comma_separated(tables: Sequence[Table]) -> str:
    """CSV of all tables, one line for each benchmark, method and column; `note` says why figures are absent."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["benchmark", "protocol", "method", "rain_type", "psnr", "ssim", "pairs", "note"])
    for given in tables:
        for method, cells in given.lines.items():
            for column, cell in zip(given.columns, cells, strict=True):
                figures = ["", "", "", cell] if isinstance(cell, str) else [
                    f"{cell.psnr:.4f}", f"{cell.ssim:.6f}", cell.pairs, ""
                ]  # fmt: skip
                writer.writerow([given.benchmark, given.protocol, method, column, *figures])
    return file.getvalue()


def figures(given: Table) -> dict[str, Json]:
    """Method to column to psnr and ssim, for a report; cells without data are left out."""
    return {
        method: {
            column: {"psnr": cell.psnr, "ssim": cell.ssim}
            for column, cell in zip(given.columns, cells, strict=True)
            if isinstance(cell, Mean)
        }
        for method, cells in given.lines.items()
    }


def _average(cells: Sequence[Mean | None]) -> Mean | str:
    there = [cell for cell in cells if cell is not None]
    if len(there) < len(cells):
        return "a type is missing" if there else "no type"
    return Mean(fmean(c.psnr for c in there), fmean(c.ssim for c in there), sum(c.pairs for c in there))


def _cells(given: Table, emphasis: Emphasis) -> dict[str, list[str]]:
    """Every cell as text, `PSNR / SSIM`; equal printed figures share their place."""
    columns = []
    for cells in zip(*given.lines.values(), strict=True):
        printed = [None if isinstance(c, str) else (f"{c.psnr:.2f}", f"{c.ssim:.4f}") for c in cells]
        ranks = [sorted({float(p[i]) for p in printed if p}, reverse=True) for i in range(2)]
        columns.append(
            [
                " / ".join(emphasis(f, ranks[i].index(float(f))) for i, f in enumerate(p))
                if p
                else f"({cell})"
                for p, cell in zip(printed, cells, strict=True)
            ]
        )
    return {method: [column[n] for column in columns] for n, method in enumerate(given.lines)}
