"""What the pool was made of and what was kept of it: source x rain type x origin."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

from unirain_core.artefacts.schemas import ManifestRow, Pair

PAPER_PAIRS = 52_869
PAPER_RETENTION = 2.6
"""Percent; published figures of the paper, printed beside ours and never forced."""

UNDECIDED = "undecided"
"""Rain type of a dropped pair whose dataset does not say day or night."""


@dataclass(frozen=True, slots=True)
class CompositionRow:
    """Numbers of labelled pairs of one source, rain type and origin."""

    source: str
    rain_type: str
    origin: str
    listed: int | None
    dropped: int | None
    """By integrity."""
    rejected: int | None
    """By the judges."""
    kept: int
    retention_percent: float | None
    """Kept of the listed."""


def composition(
    manifest: Sequence[ManifestRow], pairs: Sequence[Pair], accepted: Collection[str]
) -> list[CompositionRow]:
    """One row per source, rain type and origin; then the total, then the paper's published figures.

    Args:
        manifest: what was listed; photos of the real-rain database are left out.
        pairs: what integrity let through.
        accepted: pair_ids whose verdict is 1.
    """
    sound = {pair.pair_id: pair for pair in pairs}
    listed: Counter[tuple[str, str, str]] = Counter()
    dropped: Counter[tuple[str, str, str]] = Counter()
    rejected: Counter[tuple[str, str, str]] = Counter()
    for row in manifest:
        if row.role == "real":
            continue
        pair = sound.get(row.pair_id)
        key = (row.dataset, pair.rain_type if pair else _stated(row), row.origin)
        listed[key] += 1
        dropped[key] += pair is None
        rejected[key] += pair is not None and pair.pair_id not in accepted
    rows = [_row(key, listed[key], dropped[key], rejected[key]) for key in sorted(listed)]
    total = _row(("total", "", ""), listed.total(), dropped.total(), rejected.total())
    paper = CompositionRow("paper (published)", "", "", None, None, None, PAPER_PAIRS, PAPER_RETENTION)
    return [*rows, total, paper]


def as_csv(rows: Sequence[CompositionRow]) -> str:
    """The rows as CSV with a header; what is not known is empty."""
    text = io.StringIO()
    names = [field.name for field in fields(CompositionRow)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if (v := getattr(row, n)) is None else v for n in names] for row in rows])
    return text.getvalue()


def _stated(row: ManifestRow) -> str:
    return UNDECIDED if row.rain_types[0].startswith("luma:") else row.rain_types[0]


def _row(key: tuple[str, str, str], listed: int, dropped: int, rejected: int) -> CompositionRow:
    kept = listed - dropped - rejected
    return CompositionRow(
        *key, listed, dropped, rejected, kept, round(100 * kept / listed, 1) if listed else None
    )
