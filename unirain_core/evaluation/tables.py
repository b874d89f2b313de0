"""Table 1, methods by rain types: a pure function of the scores, as Markdown, LaTeX and CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from unirain_core.artefacts.report import Json
from unirain_core.artefacts.schemas import Score
from unirain_core.evaluation.summary import Mean, mean, mean_lpips

AVERAGE = "average"
"""Name of the last column."""

NO_LPIPS = "LPIPS n/a: weights not found"
REMEDY = (
    "supply torchvision's `alexnet-owt-7be5be79.pth` in the folder `hub/checkpoints` of `$TORCH_HOME` (by default "
    "`~/.cache/torch`), `pip install 'unirain[lpips]'`, then `dvc repro --force --single-item baseline_scores "
    "benchmark_scores` and `dvc repro`"
)
"""What to do where LPIPS is absent."""

_ABSENT = "n/a"
_LPIPS = 2  # its place in a cell; the others are better when larger

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

    @property
    def has_lpips(self) -> bool:
        """Whether LPIPS was measured for any cell."""
        cells = (cell for line in self.lines.values() for cell in line)
        return any(isinstance(cell, Mean) and cell.lpips is not None for cell in cells)


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


def caption(given: Table) -> str:
    """What the figures of the table are."""
    figures = "PSNR in dB / SSIM" + (" / LPIPS (smaller is better)" if given.has_lpips else "")
    return f"{figures}, protocol `{given.protocol}`; best bold, second underlined."


def notes(tables: Sequence[Table]) -> list[str]:
    """What a person can supply for figures that are absent from the tables."""
    return [] if all(given.has_lpips for given in tables) else [f"{NO_LPIPS}: {REMEDY}."]


def markdown(given: Table) -> str:
    """GitHub's Markdown; PSNR / SSIM / LPIPS if it was measured, the best bold, the second underlined."""
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
    writer.writerow(
        ["benchmark", "protocol", "method", "rain_type", "psnr", "ssim", "lpips", "pairs", "note"]
    )
    for given in tables:
        for method, cells in given.lines.items():
            for column, cell in zip(given.columns, cells, strict=True):
                figures = ["", "", "", "", cell] if isinstance(cell, str) else [
                    f"{cell.psnr:.4f}", f"{cell.ssim:.6f}",
                    *(("", cell.pairs, NO_LPIPS) if cell.lpips is None else (f"{cell.lpips:.6f}", cell.pairs, "")),
                ]  # fmt: skip
                writer.writerow([given.benchmark, given.protocol, method, column, *figures])
    return file.getvalue()


def figures(given: Table) -> dict[str, Json]:
    """Method to column to psnr, ssim and lpips, for a report; figures without data are left out."""
    return {
        method: {
            column: {"psnr": cell.psnr, "ssim": cell.ssim}
            | ({} if cell.lpips is None else {"lpips": cell.lpips})
            for column, cell in zip(given.columns, cells, strict=True)
            if isinstance(cell, Mean)
        }
        for method, cells in given.lines.items()
    }


def _average(cells: Sequence[Mean | None]) -> Mean | str:
    there = [cell for cell in cells if cell is not None]
    if len(there) < len(cells):
        return "a type is missing" if there else "no type"
    return Mean(
        fmean(c.psnr for c in there),
        fmean(c.ssim for c in there),
        mean_lpips(c.lpips for c in there),
        sum(c.pairs for c in there),
    )


def _cells(given: Table, emphasis: Emphasis) -> dict[str, list[str]]:
    """Every cell as text, `PSNR / SSIM` and `/ LPIPS` if any has it; equal printed figures share their place."""
    columns = [_column(cells, emphasis, given.has_lpips) for cells in zip(*given.lines.values(), strict=True)]
    return {method: [column[n] for column in columns] for n, method in enumerate(given.lines)}


def _column(cells: Sequence[Mean | str], emphasis: Emphasis, has_lpips: bool) -> list[str]:
    printed = [None if isinstance(cell, str) else _printed(cell, has_lpips) for cell in cells]
    figures = list(zip(*(p for p in printed if p), strict=True))
    ranks = [
        sorted({float(f) for f in of_all if f != _ABSENT}, reverse=i != _LPIPS)
        for i, of_all in enumerate(figures)
    ]
    return [
        " / ".join(f if f == _ABSENT else emphasis(f, ranks[i].index(float(f))) for i, f in enumerate(p))
        if p
        else f"({cell})"
        for p, cell in zip(printed, cells, strict=True)
    ]


def _printed(cell: Mean, has_lpips: bool) -> tuple[str, ...]:
    lpips = _ABSENT if cell.lpips is None else f"{cell.lpips:.4f}"
    return (f"{cell.psnr:.2f}", f"{cell.ssim:.4f}", *([lpips] if has_lpips else []))
