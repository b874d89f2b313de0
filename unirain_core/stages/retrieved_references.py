"""Stage: S(q), the references of every labelled picture, and of every photo of D_r, among the photos of D_r."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import Reference, TripletRow
from unirain_core.config.sections import RetrievedReferences, VectorStore
from unirain_core.distill.cascade import Database, references
from unirain_core.distill.stores.make import make_store, searched
from unirain_core.engine.store import WorkStore
from unirain_core.errors import SchemaError

logger = logging.getLogger(__name__)

STAGE = "retrieved_references"
READS = (paths.TRIPLETS, paths.DATABASE)
WRITES = (paths.REFERENCES, paths.report(STAGE))
PARAMS = ("retrieved_references", "vector_store")
ALGORITHM = "2"


def run(root: Path, *, retrieved_references: RetrievedReferences, vector_store: VectorStore) -> None:
    """Search every query, in the order of the pairs, and every photo, among the others.

    Raises:
        SchemaError: queries and database were made by different encoders.
        MissingInputError: no server answers where params name one.
    """
    queries = tables.read(root / paths.TRIPLETS / "triplets.parquet", TripletRow)
    triplets = tables.read(root / paths.DATABASE / "triplets.parquet", TripletRow)
    _require_one_encoder(queries, triplets)
    logger.info("%s: %d queries, %d photos", STAGE, len(queries), len(triplets))
    database = Database.of(triplets, retrieved_references)
    home = WorkStore.at(root, STAGE).home / "qdrant"
    with make_store(vector_store.engine, database.content.name, home) as store:
        content, alone = database.content, len(triplets) == 1
        found = searched(store, content, lambda s: references(queries, database, s, retrieved_references))
        of_photos = (
            []
            if alone
            else searched(store, content, lambda s: references(triplets, database, s, retrieved_references))
        )
    for name, rows in (("references", found), ("photos", of_photos)):
        table = [reference for of_one in rows for reference in of_one]
        tables.write(root / paths.REFERENCES / f"{name}.parquet", table, Reference)
    report.write(root / WRITES[1], _report(found, len(triplets)))
    logger.info("%s: %d queries searched", STAGE, len(queries))


def _require_one_encoder(queries: Sequence[TripletRow], photos: Sequence[TripletRow]) -> None:
    encoders = {row.encoder for row in queries} | {row.encoder for row in photos}
    if len(encoders) > 1:
        raise SchemaError(
            f"queries and real-rain database were made by different encoders ({'; '.join(sorted(encoders))}): "
            "run `dvc repro --force real_rain_database query_triplets`"
        )


def _report(found: Sequence[Sequence[Reference]], photos: int) -> Report:
    """How many photos are used, and how near the references are."""
    rows = [row for rows in found for row in rows]
    used = Counter(row.reference_id for row in rows)
    best = [rows[0] for rows in found if rows]
    means = {
        f"mean_{name}_of_the_best": sum(getattr(row, name) for row in best) / max(len(best), 1)
        for name in ("s_txt", "s_vis", "s_perc")
    }
    return Report(
        stage=STAGE,
        counts={
            "queries": len(found),
            "references": len(rows),
            "photos": photos,
            "photos_used": len(used),
        },
        figures={
            **means,
            "most_used": [
                {"photo": name, "queries": number}
                for name, number in sorted(used.items(), key=lambda item: (-item[1], item[0]))[:5]
            ],
        },
    )
