"""Markdown on a terminal: tables with lines, bold and underlined figures; in a pipe it stays Markdown."""

import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_MARKS = (
    (re.compile(r"\*\*(.+?)\*\*"), r"[bold]\1[/bold]"),
    (re.compile(r"<u>(.+?)</u>"), r"[underline]\1[/underline]"),
    (re.compile(r"`(.+?)`"), r"[cyan]\1[/cyan]"),
)
"""What `evaluation/tables.py` and reports write, and rich's words for it."""


def show(lines: Sequence[str]) -> None:
    """Print lines of Markdown: as they are into a file or a pipe, drawn on a terminal."""
    if not sys.stdout.isatty():
        print("\n".join(lines))
        return
    draw(lines, Console(highlight=False))


def draw(lines: Sequence[str], console: Console) -> None:
    """Draw Markdown's tables and headings; all other lines keep their spaces."""
    for is_table, group in groupby(lines, lambda line: line.startswith("|")):
        if is_table:
            console.print(_table([_cells(line) for line in group]))
        else:
            for line in _with_headings(group):
                console.print(line)


def _table(rows: Sequence[Sequence[str]]) -> Table:
    """The head, the line below it, which only says that there is a head, and the rows."""
    head, _line, *body = rows
    table = Table(*head)
    for row in body:
        table.add_row(*row)
    return table


def _cells(line: str) -> list[str]:
    return [_markup(cell.strip()) for cell in line.strip().strip("|").split("|")]


def _with_headings(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        heading = re.fullmatch(r"#+ (.*)", line)
        yield f"[bold]{_markup(heading[1])}[/bold]" if heading else _markup(line)


def _markup(text: str) -> str:
    """Rich's markup of a line; brackets of the text itself are no markup."""
    marked = escape(text)
    for pattern, words in _MARKS:
        marked = pattern.sub(words, marked)
    return marked
