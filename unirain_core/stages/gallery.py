"""Stage gallery: the page that shows what was kept, what was not, and why; no stage reads it."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

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
    paths.PYRAMID,
)
WRITES = (paths.GALLERY, paths.report(STAGE))
PARAMS = ()

ALGORITHM = "2"
"""Of the thumbnails, which the work store keeps."""

MAX_CARDS = 1000
"""Pictures of the page; a larger pool is sampled. A pair has some 50 kB, so that a page has 50 MB at most."""

logger = logging.getLogger(__name__)


def run(root: Path) -> None:
    """Write the page, whose pictures and texts are all inside it."""
    pool = _pool(root)
    logger.info("%s: %d pictures", STAGE, len(pool))
    chosen = gallery.choose(pool, MAX_CARDS)
    evidence = _evidence(root, set(chosen["id"]))
    cards = [gallery.card(row, evidence) for row in chosen.iter_rows(named=True)]
    pictures = thumbnails(_listed(root, cards), Roots.load(root), WorkStore.at(root, STAGE), ALGORITHM)
    judges = tables.columns(root / paths.VOTES / "votes.parquet", Vote, ["judge"])["judge"].unique()
    page = gallery.page(cards, pictures, totals=_counted(pool["level"]), judges=sorted(judges))
    write_text(root / paths.GALLERY / "gallery.html", page)
    report.write(root / paths.report(STAGE), _report(pool, chosen))
    logger.info("%s: %d of them are shown", STAGE, len(cards))


def _pool(root: Path) -> pl.DataFrame:
    """Everything that the page could show: the pyramid, which holds no picture without a triplet, and what was dropped."""
    verified = root / paths.VERIFIED
    pairs = tables.columns(verified / "pairs.parquet", Pair, ["pair_id", "dataset", "rain_type", "origin"])
    photos = tables.columns(verified / "real.parquet", RealPhoto, ["photo_id", "dataset"])
    photos = photos.rename({"photo_id": "pair_id"}).with_columns(rain_type=pl.lit(""), origin=pl.lit("real"))
    pyramid = tables.columns(root / paths.PYRAMID, PyramidRow, ["pair_id", "level", "reason", "split"])
    judged = pyramid.join(pl.concat([pairs, photos]), on="pair_id", how="left", maintain_order="left")
    parts = [judged.rename({"pair_id": "id", "dataset": "source"}).with_columns(detail=pl.lit(""))]
    for folder in (paths.RAW, paths.VERIFIED, paths.TRIPLETS, paths.DATABASE):
        columns = ["pair_id", "dataset", "reason", "other"]
        dropped = tables.columns(root / folder / "dropped.parquet", Dropped, columns)
        dropped = dropped.rename({"pair_id": "id", "dataset": "source", "other": "detail"})
        unknown = {name: pl.lit("") for name in ("rain_type", "origin", "split")}
        level = pl.lit(gallery.DROPPED).alias("level")
        parts.append(dropped.with_columns(level, pl.col("detail").fill_null(""), **unknown))
    return pl.concat([part.select(gallery.POOL) for part in parts])


def _evidence(root: Path, names: set[str]) -> Evidence:
    """Captions, votes and references of a few pictures."""
    captions: dict[str, str] = {}
    for folder in (paths.TRIPLETS, paths.DATABASE):
        for table in tables.batches(root / folder / "triplets.parquet", TripletRow, ["id", "caption"]):
            texts = zip(table.column("id").to_pylist(), table.column("caption").to_pylist(), strict=True)
            captions |= {name: text for name, text in texts if name in names}
    return gallery.gather(
        captions,
        tables.read_some(root / paths.VOTES / "votes.parquet", Vote, "pair_id", names),
        tables.read_some(root / paths.REFERENCES / "references.parquet", Reference, "pair_id", names),
    )


def _listed(root: Path, cards: Sequence[Card]) -> list[ManifestRow]:
    """The rows of the manifest of all pictures on some cards."""
    names = {card.id for card in cards}
    for card in cards:
        names.update(str(reference["id"]) for reference in card.references)
    return tables.read_some(root / paths.RAW / "manifest.parquet", ManifestRow, "pair_id", names)


def _report(pool: pl.DataFrame, chosen: pl.DataFrame) -> Report:
    return Report(
        stage=STAGE,
        counts={"pictures": len(pool), "shown": len(chosen)},
        figures={"levels": _counted(pool["level"]), "shown_by_level": _counted(chosen["level"])},
    )


def _counted(levels: pl.Series) -> dict[str, int]:
    return dict(sorted(Counter(levels).items()))
