"""Stage gallery: the page that shows what was kept, what was not, and why; no stage reads it."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import (
    Dropped,
    ManifestRow,
    Pair,
    PyramidRow,
    RealPhoto,
    Reference,
    TripletRow,
    Vote,
)
from unirain_core.artefacts.whole import write_text
from unirain_core.distill import gallery
from unirain_core.distill.gallery import Card, Evidence
from unirain_core.distill.thumbnails import thumbnails
from unirain_core.engine.store import WorkStore

STAGE = "gallery"
READS = (
    paths.RAW,
    paths.VERIFIED,
    paths.DATABASE,
    paths.TRIPLETS,
    paths.REFERENCES,
    paths.VOTES,
    paths.SPLIT,
)
WRITES = (paths.GALLERY, paths.report(STAGE))
PARAMS = ()

ALGORITHM = "1"
"""Of the thumbnails, which the work store keeps."""

MAX_CARDS = 2000
"""Pictures of the page; a larger pool is sampled. One file of 2,000 thumbnails is about 30 MB."""

logger = logging.getLogger(__name__)


def run(root: Path) -> None:
    """Write the page, whose pictures and texts are all inside it."""
    dropped = _dropped(root)
    cards = [*_judged(root), *dropped]
    logger.info("%s: %d pictures", STAGE, len(cards))
    chosen = gallery.choose(cards, MAX_CARDS)
    references = {str(reference["id"]) for card in chosen for reference in card.references}
    wanted = references | {card.id for card in chosen}
    manifest = tables.read(root / paths.RAW / "manifest.parquet", ManifestRow)
    shown = [row for row in manifest if row.pair_id in wanted]
    pictures = thumbnails(shown, Roots.load(root), WorkStore.at(root, STAGE), ALGORITHM)
    judges = sorted({str(vote["judge"]) for card in cards for vote in card.votes})
    levels = _counted(card.level for card in cards)
    page = gallery.page(chosen, pictures, totals=levels, judges=judges)
    write_text(root / paths.GALLERY / "gallery.html", page)
    report.write(root / paths.report(STAGE), _report(cards, chosen))
    logger.info("%s: %d of them are shown", STAGE, len(chosen))


def _judged(root: Path) -> list[Card]:
    """A card for every pair and photo of the pyramid, which holds none without a triplet."""
    pairs = {p.pair_id: p for p in tables.read(root / paths.VERIFIED / "pairs.parquet", Pair)}
    photos = tables.read(root / paths.VERIFIED / "real.parquet", RealPhoto)
    sources = {photo.photo_id: photo.dataset for photo in photos}
    sources |= {pair_id: pair.dataset for pair_id, pair in pairs.items()}
    evidence = _evidence(root)
    rows = tables.read(root / paths.SPLIT / "pyramid.parquet", PyramidRow)
    return [gallery.card_of_row(row, pairs.get(row.pair_id), sources[row.pair_id], evidence) for row in rows]


def _evidence(root: Path) -> Evidence:
    captions: dict[str, str] = {}
    for folder in (paths.TRIPLETS, paths.DATABASE):
        for table in tables.batches(root / folder / "triplets.parquet", TripletRow, ["id", "caption"]):
            names, texts = (table.column(name).to_pylist() for name in ("id", "caption"))
            captions |= dict(zip(names, texts, strict=True))
    return gallery.gather(
        captions,
        tables.read(root / paths.VOTES / "votes.parquet", Vote),
        tables.read(root / paths.REFERENCES / "references.parquet", Reference),
    )


def _dropped(root: Path) -> list[Card]:
    """A card for every row that integrity dropped, or of which no triplet could be made."""
    cards: list[Card] = []
    for folder in (paths.RAW, paths.VERIFIED, paths.TRIPLETS, paths.DATABASE):
        rows = tables.read(root / folder / "dropped.parquet", Dropped)
        cards += [gallery.card_of_dropped(row) for row in rows]
    return cards


def _report(cards: Sequence[Card], chosen: Sequence[Card]) -> Report:
    return Report(
        stage=STAGE,
        counts={"pictures": len(cards), "shown": len(chosen)},
        figures={
            "levels": _counted(card.level for card in cards),
            "shown_by_level": _counted(card.level for card in chosen),
        },
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
