"""Stage: the real-rain database D_r, triplets of unlabelled rainy photos, filled into a vector store."""

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from unirain_core.artefacts import paths, report, tables, triplets
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, RealPhoto
from unirain_core.artefacts.triplets import EncodedRow, TripletFiles
from unirain_core.artefacts.whole import write_text
from unirain_core.config.models import EncoderModel
from unirain_core.config.sections import Encoders, VectorStore
from unirain_core.distill import rainy
from unirain_core.distill.rainy import Rainy
from unirain_core.distill.stores.make import ensure_filled, make_store
from unirain_core.distill.stores.store import Content
from unirain_core.distill.triplet import Encoder, triplet_job, without_triplet
from unirain_core.engine.jobs import Finished
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.errors import MissingInputError
from unirain_core.stages import forecast
from unirain_core.stages.encoders import EncoderChoice, make_encoder

logger = logging.getLogger(__name__)

STAGE = "real_rain_database"
READS = (paths.VERIFIED,)
WRITES = (paths.DATABASE, paths.report(STAGE))
PARAMS = ("encoders", "encoder_models", "vector_store")
ALGORITHM = "2"


def run(
    root: Path, *, encoders: Encoders, encoder_models: Mapping[str, EncoderModel], vector_store: VectorStore
) -> None:
    """Encode every real photo and make them searchable.

    Raises:
        MissingInputError: there is no real photo that can be encoded, or no server where params name one.
    """
    choice = EncoderChoice.of(encoders, encoder_models)
    job = triplet_job(partial(make_encoder, choice), Roots.load(root), ALGORITHM)
    n_photos = tables.count(root / rainy.PHOTOS, RealPhoto)
    forecast.tell(STAGE, make_encoder(choice).costs, n_photos, together=True)
    out, work, figures = root / paths.DATABASE, WorkStore.at(root, STAGE), _Figures()
    with triplets.writer(out) as table, tables.writer(out / "dropped.parquet", Dropped) as dropped:
        for window in stream(job, rainy.photos(root), work, total=n_photos):
            table.columns(window.results)
            lost = without_triplet(window)
            dropped.rows(lost)
            figures.add(window, lost)
        _demand_a_photo(figures, table.count)
    content = Content.of(TripletFiles.open(out).read())
    with make_store(vector_store.engine, content.name, work.home / "qdrant") as store:
        ensure_filled(store, content)
    _write_collection(out / "collection.json", content, vector_store)
    report.write(root / WRITES[1], figures.report(make_encoder(choice)))
    n_dropped = figures.reasons.total()
    logger.info("%s: %d photos in collection %s, %d dropped", STAGE, table.count, content.name, n_dropped)


def _write_collection(path: Path, content: Content, vector_store: VectorStore) -> None:
    """What the collection is, so that a reader can tell it from another and fill it again."""
    facts = {
        "collection": content.name,
        "count": len(content.ids),
        "encoder": content.encoder,
        "engine": vector_store.engine,
    }
    write_text(path, json.dumps(facts, indent=2, sort_keys=True) + "\n")


@dataclass(slots=True)
class _Figures:
    """What the report says, gathered while the triplets are written."""

    datasets: Counter[str] = field(default_factory=Counter)
    """Photos of each dataset."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why photos were dropped."""
    first_lost: Dropped | None = None

    def add(self, window: Finished[Rainy, EncodedRow], lost: Sequence[Dropped]) -> None:
        self.datasets.update(row.dataset for row in window.rows)
        self.reasons.update(row.reason for row in lost)
        if lost and self.first_lost is None:
            self.first_lost = lost[0]

    def report(self, encoder: Encoder) -> Report:
        return Report(
            stage=STAGE,
            counts={"photos": self.datasets.total(), "dropped": self.reasons.total()},
            reasons=dict(sorted(self.reasons.items())),
            notes=encoder.notes,
            figures={
                "encoders": encoder.name,
                "datasets": [{"dataset": k, "photos": self.datasets[k]} for k in sorted(self.datasets)],
            },
        )


def _demand_a_photo(figures: _Figures, n_encoded: int) -> None:
    if not figures.datasets:
        raise MissingInputError(
            "the real-rain database is empty: add a dataset of unlabelled rainy photos to raw_datasets.datasets "
            "(`layout: photos`, or any layout with `role: real`) and name its folder in roots.local.yaml"
        )
    if not n_encoded and figures.first_lost:
        lost = figures.first_lost
        raise MissingInputError(
            f"not one photo of the real-rain database can be encoded (the first, {lost.pair_id}: "
            f"{lost.reason}, {lost.other}): add other photos to raw_datasets.datasets"
        )
