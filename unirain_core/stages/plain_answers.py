"""Count answers without probabilities: their p_yes is 1 or 0, so a threshold cannot order them, and reliability says little."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from unirain_core.artefacts import tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import Vote
from unirain_core.distill.judges.judge import WITHOUT_SCORES


def plain_answers(votes: Path) -> Mapping[str, int]:
    """How many answers of each judge came without probabilities; a judge without such answers is left out."""
    counts: Counter[str] = Counter()
    for piece in tables.batches(votes, Vote, ["judge", "reason"]):
        plain = pl.DataFrame(piece).filter(pl.col("reason").str.contains(WITHOUT_SCORES, literal=True))
        counts.update(dict(plain["judge"].value_counts().iter_rows()))
    return counts


def with_plain_answers(report: Report, votes: Path) -> Report:
    """The report with a line for each judge that gave such answers."""
    notes = list(report.notes)
    for judge, count in sorted(plain_answers(votes).items()):
        notes.append(
            f"{judge}: {count} answers came without logprobs; a plain yes or no counts as p_yes 1 or 0"
        )
    return replace(report, notes=notes)
