"""The gallery: one offline page that shows what was kept, what was not, and why."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.schemas import Dropped, Pair, PyramidRow, Reference, Vote
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


def card_of_row(row: PyramidRow, pair: Pair | None, source: str, evidence: Evidence) -> Card:
    """The card of a pair or, without one, of a real photo."""
    votes = evidence.votes.get(row.pair_id, ())
    references = evidence.references.get(row.pair_id, ())
    return Card(
        id=row.pair_id,
        level=row.level,
        reason=row.reason,
        source=source,
        rain_type=pair.rain_type if pair else "",
        origin=pair.origin if pair else "real",
        split=row.split,
        caption=evidence.captions.get(row.pair_id, ""),
        votes=tuple(
            {"judge": v.judge, "vote": _word(v.vote), "p": v.p_yes, "from": v.threshold, "why": v.reason}
            for v in votes
        ),
        references=tuple(
            {"id": r.reference_id, "text": r.s_txt, "sight": r.s_vis, "structure": r.s_perc}
            for r in references
        ),
    )


def card_of_dropped(row: Dropped) -> Card:
    """The card of a pair that integrity dropped."""
    return Card(id=row.pair_id, level=DROPPED, reason=row.reason, source=row.dataset, detail=row.other or "")


def choose(cards: Sequence[Card], limit: int) -> list[Card]:
    """At most `limit` cards, by turns from every group of equal level, rain type and reason; by id.

    The choice within a group is by hash: a page of a large pool is a fair sample of each group.
    """
    place: Counter[tuple[str, str, str]] = Counter()
    ranked: list[tuple[int, str, Card]] = []
    for card in sorted(cards, key=lambda c: _hash(c.id)):
        group = (card.level, card.rain_type, card.reason)
        ranked.append((place[group], _hash(card.id), card))
        place[group] += 1
    taken = [card for _, _, card in sorted(ranked, key=lambda r: r[:2])[:limit]]
    return sorted(taken, key=lambda card: card.id)


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


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
