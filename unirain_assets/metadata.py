"""The facts of a step for the web interface: its report, its small pictures, its MLflow run."""

import base64
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg
from PIL import Image

from unirain_core.artefacts import report
from unirain_core.artefacts.run_page import run_page
from unirain_core.config.pipeline import Step

Value = (
    dg.BoolMetadataValue
    | dg.IntMetadataValue
    | dg.FloatMetadataValue
    | dg.TextMetadataValue
    | dg.MarkdownMetadataValue
    | dg.UrlMetadataValue
    | dg.PathMetadataValue
    | dg.JsonMetadataValue
)
Values = dict[str, Value]

_PICTURES = 4
_PICTURE_SIDE = 1000
"""Pixels of a preview at most, in both directions; a preview lies in Dagster's event log for good."""
_OF_A_VARIANT = ("trained_checkpoint", "benchmark_scores")
_FIXED = ("stage", "counts", "reasons", "notes")


def shown(root: Path, step: Step) -> Values:
    """Everything there is to show of a step's newest artefacts; nothing for what is absent."""
    path = root / step.report
    content = report.read(path) if path.is_file() else {}
    return {**_report(content), **_pictures(root, step), **_links(root, step)}


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


def _report(content: Mapping[str, report.Json]) -> Values:
    counts, reasons, notes = (content.get(name) for name in ("counts", "reasons", "notes"))
    values: Values = {}
    if isinstance(notes, list) and notes:
        values["notes"] = dg.MetadataValue.md("\n".join(f"- {note}" for note in notes))
    if isinstance(counts, dict):
        values |= {f"counts/{name}": dg.MetadataValue.int(n) for name, n in counts.items()}
    if isinstance(reasons, dict) and reasons:
        values["reasons"] = _table([{"reason": name, "rows": n} for name, n in reasons.items()])
    for name, value in content.items():
        if name not in _FIXED:
            values |= _figures(name, value)
    return values


def _figures(name: str, value: report.Json) -> Values:
    """One figure of a report as Dagster shows it: one value, or, where its cells hold several numbers, one for each."""
    values: Values = {}
    for title, part in _flat(name, value):
        shown_as = _figure(part)
        if shown_as is not None:
            values[title] = shown_as
    return values


def _flat(name: str, value: report.Json) -> Iterator[tuple[str, report.Json]]:
    """A figure by itself. Where its cells hold several numbers, a table for each of them."""
    entries = value.items() if isinstance(value, dict) else ()
    rows = {key: row for key, row in entries if isinstance(row, dict)}
    numbers: dict[str, None] = {}  # by name, in the order in which they first occur
    for row in rows.values():
        for cell in row.values():
            if isinstance(cell, dict):
                numbers |= dict.fromkeys(cell)
    if not numbers:
        yield name, value
    for number in numbers:
        yield f"{name}/{number}", {key: _inner(row, number) for key, row in rows.items()}


def _inner(row: Mapping[str, report.Json], name: str) -> dict[str, report.Json]:
    """One of the numbers in each cell of a row."""
    return {column: cell.get(name) for column, cell in row.items() if isinstance(cell, dict)}


def _figure(value: report.Json) -> Value | None:
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
            return _table([_row(name, cell) for name, cell in value.items()])
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
    text = _number(value) if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _number(value: float) -> str:
    """Four decimals, as papers print SSIM; a small value keeps three digits.

    >>> _number(26.7912), _number(0.5), _number(242465.0), _number(0.0000123)
    ('26.7912', '0.5', '242465', '1.23e-05')
    """
    if value and abs(value) < 1e-3:
        return f"{value:.3g}"
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _pictures(root: Path, step: Step) -> Values:
    """Previews of a few pictures, spread evenly over all of them."""
    files = sorted(file for out in step.outs for file in (root / out).rglob("*.png"))
    images: list[str] = []
    for file in files[:: max(1, len(files) // _PICTURES)]:
        address = _preview(file)
        if address is not None:
            images.append(f"![{file.stem}]({address})")
        if len(images) == _PICTURES:
            break
    return {"pictures": dg.MetadataValue.md("\n\n".join(images))} if images else {}


def _preview(file: Path) -> str | None:
    """A picture as a small data address.

    None where the file holds none, as sample corpora have on purpose, or more pixels than Pillow opens.
    """
    content = io.BytesIO()
    try:
        with Image.open(file) as image:
            image.thumbnail((_PICTURE_SIDE, _PICTURE_SIDE))
            image.convert("RGB").save(content, format="WEBP", quality=80)
    except (OSError, SyntaxError, Image.DecompressionBombError):  # the first two are raised of broken files
        return None
    return f"data:image/webp;base64,{base64.b64encode(content.getvalue()).decode()}"


def _links(root: Path, step: Step) -> Values:
    """The pages of a step, and the MLflow run of a variant."""
    pages = [file for out in step.outs for file in sorted((root / out).glob("*.html"))]
    values: Values = {f"page/{file.stem}": dg.MetadataValue.path(str(file.absolute())) for file in pages}
    return values | _run_link(root, step)


def _run_link(root: Path, step: Step) -> Values:
    """The MLflow run; its id stands outside all outs because it differs every time."""
    home = Path(os.environ.get("UNIRAIN_HOME") or root / ".unirain")
    file = home / "runs" / str(step.key) / "mlflow.json"
    if step.stage not in _OF_A_VARIANT or not file.exists():
        return {}
    try:
        link = json.loads(file.read_text(encoding="utf-8"))
        page = run_page(link["experiment_id"], link["run_id"])
    except (OSError, ValueError, KeyError, TypeError):  # damaged; `unirain track` writes it anew
        return {}
    return {"mlflow": dg.MetadataValue.url(page)}
