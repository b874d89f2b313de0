"""The name and the description of a training's run: they tell what differs from the variant's other trainings."""

from collections.abc import Mapping
from pathlib import Path

from unirain_core.tracking import journal
from unirain_core.tracking.events import Start

_SHOWN = 3
"""Params that a name holds; a description holds all of them."""


def run_name(start: Start, journals: Path) -> str:
    """Name of a run: the variant, and in which params it differs from the variant's first training.

    Args:
        start: of the training.
        journals: the folder of the variant's last journal, those put aside below it.
    """
    first = first_start(journals)
    if first is None or first.key == start.key:
        return start.variant
    names = [name for name in differing(first.params, start.params) if name in first.params]
    if not names:
        what = "pairs" if first.datasets != start.datasets else "code"
        return f"{start.variant}, other {what} ({start.key[:4]})"
    values = [f"{name.rpartition('.')[2]} {start.params.get(name, 'gone')}" for name in names]
    more = [f"{len(values) - _SHOWN} more"] if len(values) > _SHOWN else []
    return ", ".join([start.variant, *values[:_SHOWN], *more])


def description(start: Start, facts: str, journals: Path) -> str:
    """A few sentences: the facts, then the differences to the variant's last training in full."""
    last = journal.start_of(journal.read(journals))
    if last is None or last.key == start.key:
        return facts
    differences = [
        f"- `{name}` is {start.params.get(name, 'absent')} instead of {last.params.get(name, 'absent')}"
        for name in differing(last.params, start.params)
    ]
    other = ["- its pairs, or the code that trains, are not the same"]
    return "\n".join([facts, "", "Beside the variant's training before it:", "", *(differences or other)])


def differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of the params that differ, sorted."""
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]


def first_start(journals: Path) -> Start | None:
    """The start of a variant's first training on this machine; None before it."""
    begun: list[tuple[int, bool, Start]] = []
    for folder in journal.folders(journals):
        events = journal.read(folder)
        start = journal.start_of(events)
        if start is not None:
            # of two that began within a millisecond the one that was put aside is the earlier
            begun.append((events[0].time, folder == journals, start))
    return min(begun, key=lambda item: item[:2])[2] if begun else None
