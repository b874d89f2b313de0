"""What of many scores a person looks at: means of each rain type, and a few pairs' pictures."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from unirain_core.artefacts.report import Json
from unirain_core.artefacts.schemas import Score, SplitRow

SHOWN_PER_TYPE = 4
"""Pairs of each rain type whose restored pictures are kept beside the scores."""


@dataclass(frozen=True, slots=True)
class Mean:
    """Means over pairs."""

    psnr: float
    """dB."""
    ssim: float
    """-1 to 1."""
    lpips: float | None
    """Smaller is nearer; None: not measured of every picture."""
    pairs: int
    """How many."""


def mean(scores: Iterable[Score]) -> Mean | None:
    """Mean of the pictures' scores; None where there are none."""
    rows = list(scores)
    if not rows:
        return None
    return Mean(
        fmean(r.psnr for r in rows), fmean(r.ssim for r in rows), mean_lpips(r.lpips for r in rows), len(rows)
    )


def mean_lpips(values: Iterable[float | None]) -> float | None:
    """Mean of distances; None where one of them is absent, for it would be the mean of other pictures."""
    there = list(values)
    known = [value for value in there if value is not None]
    return fmean(known) if known and len(known) == len(there) else None


def by_type(scores: Sequence[Score]) -> list[Json]:
    """Means of each benchmark and rain type, for a report."""
    lines: list[Json] = []
    kinds = sorted({score.rain_type for score in scores})
    for benchmark in dict.fromkeys(score.benchmark for score in scores):
        for kind in kinds:
            found = mean(s for s in scores if (s.benchmark, s.rain_type) == (benchmark, kind))
            if found:
                lines.append({"benchmark": benchmark, "rain_type": kind, **asdict(found)})
    return lines


def shown(rows: Sequence[SplitRow], per_type: int) -> list[SplitRow]:
    """The same few pairs of each rain type, whoever asks: the first in the order of the hashes of their ids."""
    kinds: dict[str, list[SplitRow]] = {}
    for row in sorted(rows, key=lambda row: _hash(row.pair_id)):
        kinds.setdefault(row.rain_type, []).append(row)
    return [row for kind in sorted(kinds) for row in kinds[kind][:per_type]]


def picture_name(pair_id: str) -> str:
    """File name of a pair's restored picture beside the scores."""
    return f"{_hash(pair_id)}.png"


def _hash(pair_id: str) -> str:
    return hashlib.sha256(pair_id.encode()).hexdigest()[:16]
