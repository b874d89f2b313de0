"""The gallery: one offline page that shows what was kept, what was not, and why."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.schemas import Reference, Vote
from unirain_core.distill.pyramid import LEVELS
from unirain_core.distill.stand_ins import note

TEMPLATE = Path(__file__).with_name("gallery.html")

DROPPED = "dropped"
"""Level of what integrity let not through; not a level of the pyramid."""

REASON_MEANINGS = {
    "accepted": "the judges took it for faithful rain",
    "rejected": "the judges did not take it for faithful rain",
    "decided_by_abstention": "rejected, and the judges that abstained could have turned it",
    "real_photo": "a photo of the real-rain database: a reference, never trained on",
    **MEANINGS,
}
"""A sentence for every reason of the page."""

LEVEL_MEANINGS = {
    "real": "references, never trained on",
    "distilled": "kept by the judges",
    "low_fidelity": "rejected by the judges",
    DROPPED: "by the checks of integrity",
}
"""A few words for every level of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the page says of one picture."""

    id: str
    level: str
    """Real, distilled, low_fidelity or dropped."""
    reason: str
    source: str
    rain_type: str = ""
    origin: str = ""
    split: str = ""
    caption: str = ""
    detail: str = ""
    votes: tuple[Mapping[str, str | float | None], ...] = ()
    references: tuple[Mapping[str, str | float], ...] = ()


POOL = ("id", "level", "reason", "source", "rain_type", "origin", "split", "detail")
"""Columns of everything that a page could show; a card has them as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the stages before know of the pairs, each by pair_id."""

    captions: Mapping[str, str]
    votes: Mapping[str, Sequence[Vote]]
    references: Mapping[str, Sequence[Reference]]


def gather(captions: Mapping[str, str], votes: Sequence[Vote], references: Sequence[Reference]) -> Evidence:
    """Votes and references by the pair that they belong to."""
    by_pair: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        by_pair[vote.pair_id].append(vote)
    of_pair: dict[str, list[Reference]] = defaultdict(list)
    for reference in sorted(references, key=lambda r: (r.pair_id, r.rank)):
        of_pair[reference.pair_id].append(reference)
    return Evidence(captions=captions, votes=by_pair, references=of_pair)


def card(row: Mapping[str, str], evidence: Evidence) -> Card:
    """The card of a row of the pool.

    Args:
        row: columns of POOL.
        evidence: what the stages before know of its id; nothing of a row that was dropped.
    """
    name, is_judged = row["id"], row["level"] != DROPPED
    votes = evidence.votes.get(name, ()) if is_judged else ()
    references = evidence.references.get(name, ()) if is_judged else ()
    return Card(
        **{key: row[key] for key in POOL},
        caption=evidence.captions.get(name, "") if is_judged else "",
        votes=tuple(
            {"judge": v.judge, "vote": _word(v.vote), "p": v.p_yes, "from": v.threshold, "why": v.reason}
            for v in votes
        ),
        references=tuple(
            {"id": r.reference_id, "text": r.s_txt, "sight": r.s_vis, "structure": r.s_perc}
            for r in references
        ),
    )


def choose(pool: pl.DataFrame, limit: int) -> pl.DataFrame:
    """At most `limit` rows, by turns from every group of equal level, rain type and reason; by id.

    The choice within a group is by hash: a page of a large pool is a fair sample of each group.

    Args:
        pool: columns of POOL.
        limit: rows at most.
    """
    hashes = pl.Series("hash", [_hash(name) for name in pool["id"]], dtype=pl.UInt64)
    place = pl.int_range(pl.len()).over("level", "rain_type", "reason").alias("place")
    ranked = pool.with_columns(hashes).sort("hash").with_columns(place)
    return ranked.sort("place", "hash").head(limit).sort("id").drop("place", "hash")


def page(
    cards: Sequence[Card],
    pictures: Mapping[str, Sequence[str | None]],
    *,
    totals: Mapping[str, int],
    judges: Sequence[str],
) -> str:
    """The page as HTML: no file beside it, no address in it.

    Args:
        cards: what to show.
        pictures: id to (rainy, clean) thumbnails, base64 WebP; references are looked up here too.
        totals: level to its number of cards before the choice.
        judges: names of the judges that voted; statistics/... are said to be stand-ins.
    """
    content = {
        "cards": [asdict(card) for card in cards],
        "pictures": {name: list(pair) for name, pair in sorted(pictures.items())},
        "meanings": {reason: REASON_MEANINGS[reason] for reason in sorted({card.reason for card in cards})},
        "levels": [
            {"name": name, "total": totals[name], "meaning": LEVEL_MEANINGS[name]}
            for name in (*LEVELS, DROPPED)
            if totals.get(name)
        ],
        "notes": _notes(len(cards), sum(totals.values()), judges),
    }
    text = json.dumps(_rounded(content), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return TEMPLATE.read_text(encoding="utf-8").replace("{{content}}", safe)


def _notes(shown: int, total: int, judges: Sequence[str]) -> list[str]:
    notes = [*note(judges)]
    if shown < total:
        notes.append(f"{shown:,} of {total:,} pictures, a sample of every level, rain type and reason.")
    return notes


def _word(vote: bool | None) -> str:
    return {True: "yes", False: "no", None: "abstained"}[vote]


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
