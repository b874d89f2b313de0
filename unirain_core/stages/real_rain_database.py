"""Stage: the real-rain database D_r, triplets of unlabelled rainy photos, filled into a vector store."""

import json
import logging
from collections import Counter
from functools import partial
from pathlib import Path

from unirain_core.artefacts import paths, report, tables, triplets
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, RealPhoto
from unirain_core.artefacts.triplets import EncodedRow, TripletFiles
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import Encoders, VectorStore
from unirain_core.distill.stores.make import ensure_filled, make_store
from unirain_core.distill.stores.store import Content
from unirain_core.distill.triplet import PictureRow, settle, triplet_job
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
from unirain_core.errors import MissingInputError
from unirain_core.stages.encoders import make_encoder

logger = logging.getLogger(__name__)

STAGE = "real_rain_database"
READS = (paths.VERIFIED,)
WRITES = (paths.DATABASE, paths.report(STAGE))
PARAMS = ("encoders", "vector_store")
ALGORITHM = "1"


def run(root: Path, *, encoders: Encoders, vector_store: VectorStore) -> None:
    """Encode every real photo and make them searchable.

    Raises:
        MissingInputError: there is no real photo that can be encoded, or no server where params name one.
    """
    photos = tables.read(root / paths.VERIFIED / "real.parquet", RealPhoto)
    if not photos:
        raise MissingInputError(
            "the real-rain database is empty: add a dataset of unlabelled rainy photos to raw_datasets.datasets "
            "(`layout: photos`, or any layout with `role: real`) and name its folder in roots.local.yaml"
        )
    logger.info("%s: %d photos to encode", STAGE, len(photos))
    rows = [
        PictureRow(
            id=p.photo_id, dataset=p.dataset, root=p.root, input=p.input, halves=None, input_hash=p.input_hash
        )
        for p in photos
    ]
    work = WorkStore.at(root, STAGE)
    results = finished_rows(
        triplet_job(partial(make_encoder, encoders), Roots.load(root), ALGORITHM), rows, work
    )
    encoded, dropped = settle(rows, results)
    if not encoded:
        raise MissingInputError(
            f"not one photo of the real-rain database can be encoded (the first, {dropped[0].pair_id}: "
            f"{dropped[0].reason}, {dropped[0].other}): add other photos to raw_datasets.datasets"
        )
    triplets.write(root / paths.DATABASE, encoded)
    tables.write(root / paths.DATABASE / "dropped.parquet", dropped, Dropped)
    content = Content.of(TripletFiles.open(root / paths.DATABASE).read())
    with make_store(vector_store.engine, content.name, work.home / "qdrant") as store:
        ensure_filled(store, content)
    _write_collection(root / paths.DATABASE / "collection.json", content, vector_store)
    report.write(root / WRITES[1], _report(photos, encoded, dropped, encoders))
    logger.info("%s: %d photos in collection %s, %d dropped", STAGE, len(encoded), content.name, len(dropped))


def _write_collection(path: Path, content: Content, vector_store: VectorStore) -> None:
    """What the collection is, so that a reader can tell it from another and fill it again."""
    facts = {
        "collection": content.name,
        "count": len(content.ids),
        "encoder": content.encoder,
        "engine": vector_store.engine,
    }
    write_text(path, json.dumps(facts, indent=2, sort_keys=True) + "\n")


def _report(
    photos: list[RealPhoto], encoded: list[EncodedRow], dropped: list[Dropped], encoders: Encoders
) -> Report:
    """Photos by dataset, and by the kind of rain that their captions name."""
    encoder = make_encoder(encoders)
    datasets = Counter(photo.dataset for photo in photos)
    kinds = Counter(
        ("night" if "night" in row.caption else "day") + (" drops" if "drops" in row.caption else " streaks")
        for row in encoded
    )
    return Report(
        stage=STAGE,
        counts={"photos": len(photos), "dropped": len(dropped)},
        reasons=dict(sorted(Counter(row.reason for row in dropped).items())),
        notes=encoder.notes,
        figures={
            "encoders": encoder.name,
            "datasets": [{"dataset": name, "photos": datasets[name]} for name in sorted(datasets)],
            "captioned_as": [{"kind": kind, "photos": kinds[kind]} for kind in sorted(kinds)],
        },
    )
