"""A stage's report as values that Dagster shows: numbers that it plots, and tables in the paper's order."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from unirain_core.artefacts import report

Value = (
    dg.BoolMetadataValue
    | dg.IntMetadataValue
    | dg.FloatMetadataValue
    | dg.TextMetadataValue
    | dg.MarkdownMetadataValue
    | dg.UrlMetadataValue
    | dg.PathMetadataValue
    | dg.JsonMetadataValue
    | dg.CodeReferencesMetadataValue
    | dg.TableSchemaMetadataValue
)
Values = dict[str, Value]

_FIXED = ("stage", "counts", "reasons", "notes")


def of_report(content: Mapping[str, report.Json], *, has_documents: bool = False) -> Values:
    """What a report says.

    Args:
        content: of the report, in the order in which it shall be shown.
        has_documents: the stage wrote its tables as Markdown too, in which the best figures are marked; tables of several
            numbers a cell are then left out.
    """
    counts, reasons, notes = (content.get(name) for name in ("counts", "reasons", "notes"))
    values: Values = {}
    if isinstance(notes, list) and notes:
        values["notes"] = dg.MetadataValue.md("\n".join(f"- {note}" for note in notes))
    if isinstance(counts, dict):
        values |= {f"counts/{name}": dg.MetadataValue.int(n) for name, n in counts.items()}
    if isinstance(reasons, dict) and reasons:
        values["reasons"] = _table([{"reason": name, "rows": n} for name, n in reasons.items()])
    for name, value in content.items():
        if name not in _FIXED and not (has_documents and _numbers_of_cells(value)):
            values |= _figures(name, value)
    return values


def markdown_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as a Markdown table; columns of text come first, for a report's keys are sorted.

    >>> print(markdown_table([{"kept": 3, "type": "drs"}]))
    | type | kept |
    | --- | --- |
    | drs | 3 |
    """
    names: dict[str, None] = {}  # in the order in which they first occur
    texts: set[str] = set()
    for row in rows:
        names |= dict.fromkeys(row)
        texts |= {name for name, cell in row.items() if isinstance(cell, str)}
    columns = sorted(names, key=lambda name: name not in texts)
    lines = [columns, ["---"] * len(columns)]
    for row in rows:
        lines.append([_cell(row.get(column)) for column in columns])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figures(name: str, value: report.Json) -> Values:
    """One figure of a report as Dagster shows it: one value, or, where its cells hold several numbers, one for each."""
    values: Values = {}
    for title, part in _flat(name, value):
        shown_as = _figure(title, part)
        if shown_as is not None:
            values[title] = shown_as
    return values


def _flat(name: str, value: report.Json) -> Iterator[tuple[str, report.Json]]:
    """A figure by itself. Where its cells hold several numbers, a table for each of them."""
    numbers = _numbers_of_cells(value)
    if not numbers:
        yield name, value
    rows = _rows_of_cells(value)
    for number in numbers:
        yield f"{name}/{number}", {key: _inner(row, number) for key, row in rows.items()}


def _rows_of_cells(value: report.Json) -> dict[str, Mapping[str, report.Json]]:
    entries = value.items() if isinstance(value, dict) else ()
    return {key: row for key, row in entries if isinstance(row, dict)}


def _numbers_of_cells(value: report.Json) -> list[str]:
    """The names of the numbers in the cells of a table, in the order in which they first occur."""
    numbers: dict[str, None] = {}
    for row in _rows_of_cells(value).values():
        for cell in row.values():
            if isinstance(cell, dict):
                numbers |= dict.fromkeys(cell)
    return list(numbers)


def _inner(row: Mapping[str, report.Json], name: str) -> dict[str, report.Json]:
    """One of the numbers in each cell of a row."""
    return {column: cell.get(name) for column, cell in row.items() if isinstance(cell, dict)}


def _figure(name: str, value: report.Json) -> Value | None:
    match value:
        case bool():
            return dg.MetadataValue.bool(value)
        case int():
            return dg.MetadataValue.int(value)
        case float():
            return dg.MetadataValue.float(value)
        case str():
            return dg.MetadataValue.text(value)
        case [dict(), *_]:
            return _table([row for row in value if isinstance(row, dict)])
        case dict() if value:
            return _table([_row(key, cell) for key, cell in value.items()])
        case [*items] if items:
            return dg.MetadataValue.text(", ".join(_cell(item) for item in items))
        case _:
            return None


def _row(name: str, cell: report.Json) -> dict[str, report.Json]:
    return {"name": name, **cell} if isinstance(cell, dict) else {"name": name, "value": cell}


def _table(rows: Sequence[Mapping[str, object]]) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(markdown_table(rows))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return _number(value)
    return str(value).replace("|", "\\|").replace("\n", " ")


def _number(value: float) -> str:
    """The digits that a person can use: two decimals of what is about a decibel or a grey level, four of shares and similarities.

    >>> _number(26.7912), _number(0.5), _number(242465.0), _number(0.0000123)
    ('26.79', '0.5000', '242465', '1.23e-05')
    """
    size = abs(value)
    if value and size < 1e-3:
        return f"{value:.3g}"
    if size >= 1000:
        return f"{value:.0f}"
    return f"{value:.2f}" if size >= 2 else f"{value:.4f}"
