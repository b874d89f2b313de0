"""Stage: S(q), the references of every labelled picture, and of every photo of D_r, among the photos of D_r."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import Reference
from unirain_core.artefacts.triplets import TripletFiles, Triplets
from unirain_core.config.sections import RetrievedReferences, VectorStore
from unirain_core.distill.cascade import BATCH, Database, references
from unirain_core.distill.stores.make import make_store, searched
from unirain_core.distill.stores.store import Store
from unirain_core.engine.store import WorkStore
from unirain_core.errors import SchemaError

logger = logging.getLogger(__name__)

STAGE = "retrieved_references"
READS = (paths.TRIPLETS, paths.DATABASE)
WRITES = (paths.REFERENCES, paths.report(STAGE))
PARAMS = ("retrieved_references", "vector_store")
ALGORITHM = "2"

_PROGRESS_S = 10.0
"""Seconds between two lines of the log."""


def run(root: Path, *, retrieved_references: RetrievedReferences, vector_store: VectorStore) -> None:
    """Search every query, in the order of the pairs, and every photo, among the others.

    Raises:
        SchemaError: queries and database were made by different encoders.
        MissingInputError: no server answers where params name one.
    """
    queries, photos = TripletFiles.open(root / paths.TRIPLETS), TripletFiles.open(root / paths.DATABASE)
    _require_one_encoder(queries, photos)
    logger.info("%s: %d queries, %d photos", STAGE, queries.count, photos.count)
    database = Database.of(photos.read(), retrieved_references)
    home = WorkStore.at(root, STAGE).home / "qdrant"

    def search(store: Store) -> None:
        write(root, queries, photos, lambda batch: references(batch, database, store, retrieved_references))

    with make_store(vector_store.engine, database.content.name, home) as store:
        searched(store, database.content, search)
    logger.info("%s: %d queries searched", STAGE, queries.count)


Search = Callable[[Triplets], list[list[Reference]]]
"""Gives the references of each query, best first."""


def write(root: Path, queries: TripletFiles, photos: TripletFiles, search: Search) -> None:
    """Write the references of all queries and photos, and the report; memory does not grow with the queries.

    Args:
        root: of the project.
        queries: triplets of the pairs.
        photos: triplets of the real-rain database, each of which is searched among the others.
        search: finds references among the photos.
    """
    folder = root / paths.REFERENCES
    tally = _written(folder / "references.parquet", queries, search)
    _written(folder / "photos.parquet", photos, search)
    report.write(root / WRITES[1], tally.report(photos.count))


def _require_one_encoder(queries: TripletFiles, photos: TripletFiles) -> None:
    encoders = {*queries.encoders, *photos.encoders}
    if len(encoders) > 1:
        raise SchemaError(
            f"queries and real-rain database were made by different encoders ({'; '.join(sorted(encoders))}): "
            "run `dvc repro --force real_rain_database query_triplets`"
        )


@dataclass(slots=True)
class _Tally:
    """How many photos are used, and how near the references are; grows with the photos, not with the queries."""

    queries: int = 0
    used: Counter[str] = field(default_factory=Counter)
    best: int = 0
    """Queries that have a reference."""
    sums: dict[str, float] = field(default_factory=lambda: {"s_txt": 0.0, "s_vis": 0.0, "s_perc": 0.0})
    """Of the scores of each query's best reference."""

    def add(self, rows: Sequence[Reference]) -> None:
        """Count the references of one query, best first."""
        self.queries += 1
        self.used.update(row.reference_id for row in rows)
        if rows:
            self.best += 1
            for name in self.sums:
                self.sums[name] += getattr(rows[0], name)

    def report(self, photos: int) -> Report:
        """The stage's report."""
        most_used = sorted(self.used.items(), key=lambda item: (-item[1], item[0]))[:5]
        means = {f"mean_{name}_of_the_best": total / max(self.best, 1) for name, total in self.sums.items()}
        return Report(
            stage=STAGE,
            counts={
                "queries": self.queries,
                "references": self.used.total(),
                "photos": photos,
                "photos_used": len(self.used),
            },
            figures={
                **means,
                "most_used": [{"photo": name, "queries": number} for name, number in most_used],
            },
        )


def _written(path: Path, queries: TripletFiles, search: Search) -> _Tally:
    """Write the references of some queries, batch by batch."""
    tally, last = _Tally(), time.monotonic()
    with tables.writer(path, Reference) as table:
        for batch in queries.batches(BATCH):
            of_queries = search(batch)
            table.rows(list(chain.from_iterable(of_queries)))
            for rows in of_queries:
                tally.add(rows)
            if time.monotonic() - last > _PROGRESS_S:
                logger.info("%s: %d of %d searched", STAGE, tally.queries, queries.count)
                last = time.monotonic()
    return tally
