"""The facts of a step for the web interface: its report, tables, small pictures and pages, its MLflow run."""

import base64
import io
import json
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import dagster as dg
from PIL import Image

from unirain_assets.columns import of_tables
from unirain_assets.figures import Values, of_report
from unirain_assets.paper_order import in_paper_order
from unirain_core.artefacts import paths, report
from unirain_core.artefacts.run_page import run_page
from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, Step
from unirain_core.errors import ConfigError

PAGES_VARIABLE = "UNIRAIN_PAGES_URL"
"""Address at which the folder of pages is served; `unirain ui` sets it."""

_PICTURES = 4
_PICTURE_SIDE = 1000
"""Pixels of a preview at most, in both directions; a preview lies in Dagster's event log for good."""
_DOCUMENT_BYTES = 1 << 16
"""Of a text that is shown whole: it lies there as well."""
_OF_A_VARIANT = ("trained_checkpoint", "benchmark_scores")


def shown(root: Path, step: Step) -> Values:
    """Everything there is to show of a step's newest artefacts; nothing for what is absent."""
    path = root / step.report
    content = in_paper_order(report.read(path), _rain_types(root)) if path.is_file() else {}
    documents = _documents(root, step)
    values = of_report(content, has_documents=bool(documents)) if isinstance(content, dict) else {}
    return {
        **documents,
        **values,
        **of_tables(root, step),
        **_pictures(root, step),
        **_links(root, step),
    }


def _rain_types(root: Path) -> list[str]:
    """The paper's order, as params have it; empty where they cannot be read."""
    try:
        params = read_yaml(root / PARAMS)
    except ConfigError:
        return []
    types = params.get("rain_types") if isinstance(params, dict) else None
    return [str(name) for name in types] if isinstance(types, list) else []


def _documents(root: Path, step: Step) -> Values:
    """The tables and texts that the stage itself wrote for a person."""
    files = [file for out in step.outs for file in sorted((root / out).glob("*.md"))]
    values: Values = {}
    for file in files:
        if file.stat().st_size <= _DOCUMENT_BYTES:
            for title, text in _sections(file.read_text(encoding="utf-8")):
                values[f"{file.stem}: {title}" if title else file.stem] = dg.MetadataValue.md(text)
    return values


def _sections(document: str) -> Iterator[tuple[str, str]]:
    """Title and text of each section, down to its last table, and what the document's end says of the section.

    They are two values, because Dagster shows a text of less than 1000 signs at once and a longer one after a click.
    """
    first, *others = f"\n{document}".split("\n## ")
    end = document.rpartition("|\n")[2].splitlines()
    for title, text in [("", first), *(section.split("\n", 1) for section in others)]:
        table, bar, _rest = text.rpartition("|\n")
        if body := (table + bar or text).strip():
            yield title, f"{_unbroken(_without_underline(body))}\n"
        said = [line.removeprefix(f"{title}: ") for line in end if title and line.startswith(f"{title}: ")]
        if said:
            yield f"{title}, in words", "\n\n".join(_narrow(line) for line in said)


def _narrow(sentence: str) -> str:
    """A sentence in short lines: a wide table widens its column beyond the window, and texts in the same column with it."""
    return "  \n".join(textwrap.wrap(sentence, 50))  # two spaces: Markdown ends the line there


def _unbroken(text: str) -> str:
    """Rows of a table whose numbers keep their spread on the same line: Dagster's narrow cells break at every space.

    >>> _unbroken("| 26.41 ± 0.33 / 0.82 ± 0.01 |")
    '| 26.41\\xa0±\\xa00.33\\xa0/ 0.82\\xa0±\\xa00.01 |'
    """
    lines = text.split("\n")
    rows = [line.replace(" ± ", "\xa0±\xa0").replace(" / ", "\xa0/ ") for line in lines]
    return "\n".join(row if row.startswith("|") else line for row, line in zip(rows, lines, strict=True))


def _without_underline(text: str) -> str:
    """Italics in place of what Dagster's pages do not draw.

    >>> _without_underline("best bold, second underlined: **2** <u>1</u>")
    'best bold, second in italics: **2** *1*'
    """
    return text.replace("<u>", "*").replace("</u>", "*").replace("second underlined", "second in italics")


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
    values: Values = {}
    for file in pages:
        values[f"page/{file.stem}"] = _page(root, file)
    return values | _run_link(root, step)


def _page(root: Path, file: Path) -> dg.UrlMetadataValue | dg.PathMetadataValue:
    """A link where the folder of pages is served; the path elsewhere, since a browser follows no link to a file."""
    served, server = (root / paths.GALLERY).parent, os.environ.get(PAGES_VARIABLE)
    if server and file.is_relative_to(served):
        return dg.MetadataValue.url(f"{server}/{quote(file.relative_to(served).as_posix())}")
    return dg.MetadataValue.path(str(file.absolute()))


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
