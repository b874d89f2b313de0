"""The page on leakage: which benchmarks' scenes stand in which training sets, then everything, then how far it can be trusted."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from unirain_core.distill.leakage import KINDS, Leak
from unirain_core.distill.roles import FOR_TESTING

MEASURED = Path(__file__).with_name("leakage_recall.json")
"""Recall and false alarms on copies of own making: `python -m benchmarks.leakage --write` writes it."""

HELD_OUT = (*FOR_TESTING, "val")


def measured() -> Mapping[str, object]:
    """What the benchmark measured, and over which pictures."""
    content: Mapping[str, object] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return content


def as_csv(leaks: Sequence[Leak]) -> str:
    """One line for each part, other part and kind."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Leak)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(leak) for leak in leaks)
    return text.getvalue()


def into_training(leaks: Sequence[Leak]) -> list[Leak]:
    """Held-out pairs whose scene a training set holds: what a reader of a benchmark's numbers must know."""
    return [leak for leak in leaks if leak.role in HELD_OUT and leak.other_role == "train"]


def page(leaks: Sequence[Leak], notes: Sequence[str]) -> str:
    """The page as Markdown.

    Args:
        leaks: all that were found.
        notes: what was not looked at, as sentences.
    """
    lines = ["# Which scenes stand in several sets", ""]
    lines += [f"- {note}" for note in notes]
    lines += ["", "## Held-out pairs whose scene stands in a training set", ""]
    lines += _table(into_training(leaks)) or ["None were found."]
    lines += ["", "## All sets, from either side", ""]
    lines += _table(leaks) or ["No two sets share a scene, as far as this can see."]
    lines += ["", "## How far this can be trusted", "", *_trust()]
    return "\n".join(lines) + "\n"


def _table(leaks: Sequence[Leak]) -> list[str]:
    """Parts as rows, kinds as columns, with an example of the plainest kind."""
    cells: dict[tuple[str, str], dict[str, Leak]] = {}
    for leak in leaks:
        key = (f"{leak.dataset} ({leak.role})", f"{leak.other} ({leak.other_role})")
        cells.setdefault(key, {})[leak.kind] = leak
    if not cells:
        return []
    titles = [
        "set",
        "pairs",
        "has scenes of",
        *(kind.replace("_", "-") for kind in KINDS),
        "together",
        "example",
    ]
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for (part, other), kinds in cells.items():
        first = next(kinds[kind] for kind in KINDS if kind in kinds)
        numbers = [f"{kinds[kind].pairs:,}" if kind in kinds else "" for kind in KINDS]
        together = sum(leak.pairs for leak in kinds.values())
        cell = [part, f"{first.of:,}", other, *numbers, f"{together:,} ({together / first.of:.1%})"]
        lines.append(f"| {' | '.join(cell)} | `{first.example}` = `{first.other_example}` |")
    return lines


def _trust() -> list[str]:
    """The measured figures as a table."""
    content = measured()
    lines = [
        f"Measured by `{content['command']}` over {content['pictures']} pictures ({content['sources']}): of each picture a "
        "copy was made and looked for among all.",
        "",
        "| copy | found | told as what it is |",
        "|---|---|---|",
    ]
    for row in _rows(content, "copies"):
        lines.append(f"| {row['copy']} | {row['recall']:.1%} of {row['of']} | {row['kind_right']:.1%} |")
    lines += ["", "| no copy | taken for one |", "|---|---|"]
    for row in _rows(content, "strangers"):
        lines.append(f"| {row['pictures']} | {row['false']} of {row['of']:,} comparisons |")
    return lines


def _rows(content: Mapping[str, object], name: str) -> list[dict[str, float]]:
    rows = content[name]
    return rows if isinstance(rows, list) else []
