"""A whole corpus: its pictures in parts for workers, and the ledger of what is planted where."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from unirain_core.artefacts.whole import write_text
from unirain_core.engine.store import digest
from unirain_core.standins.rain.items import Item
from unirain_core.standins.rain.paths import place

PART = 16
"""Pictures that a worker renders at a time, about: one to two seconds."""

LEDGER = "planted.json"
"""File that says what is wrong with which picture; only pages and audits read it."""


def parts(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    """Items of one dataset whose paths' hashes agree, about PART of them together."""
    by_dataset: dict[str, list[Item]] = {}
    for item in items:
        by_dataset.setdefault(item.dataset, []).append(item)
    found: dict[tuple[str, int], list[Item]] = {}
    for dataset, members in sorted(by_dataset.items()):
        buckets = -(-len(members) // PART)
        for item in members:
            found.setdefault((dataset, int(digest(place(item).input)[:8], 16) % buckets), []).append(item)
    return [tuple(found[key]) for key in sorted(found)]


def what(item: Item) -> str:
    """What a picture is: its fault, its kind of low fidelity, `real`, or `good`."""
    return item.fault or item.kind or ("real" if item.role == "real" else "good")


def write_ledger(folder: Path, items: Sequence[Item]) -> None:
    """Write one entry for each picture, sorted by its path."""
    entries = [
        {
            "input": place(item).input,
            "dataset": item.dataset,
            "rain_type": item.rain_type,
            "path": item.path,
            "what": what(item),
            "other": place(item.original).input if item.original else None,
        }
        for item in sorted(items, key=lambda item: place(item).input)
    ]
    text = json.dumps(entries, indent=1) + "\n"
    write_text(folder / LEDGER, text)


def composition(items: Sequence[Item]) -> list[dict[str, str | int]]:
    """Number of pictures by dataset, rain type and what they are, sorted."""
    counted = Counter((item.dataset, item.rain_type, what(item)) for item in items)
    return [
        {"dataset": dataset, "rain_type": rain_type, "what": kind, "pictures": number}
        for (dataset, rain_type, kind), number in sorted(counted.items())
    ]
