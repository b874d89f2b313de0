"""Stage: the real-rain database D_r, triplets of unlabelled rainy photos, filled into a vector store."""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, RealPhoto, TripletRow
from unirain_core.artefacts.triplets import TABLE, TripletFiles
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import Encoders, VectorStore
from unirain_core.distill.stores.make import ensure_filled, make_store
from unirain_core.distill.stores.store import Content
from unirain_core.distill.triplet import PictureRow, triplet_job, write_triplets
from unirain_core.engine.rows import stream
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
    logger.info("%s: encodes the real photos", STAGE)
    work = WorkStore.at(root, STAGE)
    job = triplet_job(partial(make_encoder, encoders), Roots.load(root), ALGORITHM)
    windows = stream(job, _pictures(root / paths.VERIFIED / "real.parquet"), work)
    dropped = write_triplets(root / paths.DATABASE, windows)
    tables.write(root / paths.DATABASE / "dropped.parquet", dropped, Dropped)
    triplets = TripletFiles.open(root / paths.DATABASE)
    _demand_photos(triplets.count, dropped)
    content = Content.of(triplets.read())
    with make_store(vector_store.engine, content.name, work.home / "qdrant") as store:
        ensure_filled(store, content)
    _write_collection(root / paths.DATABASE / "collection.json", content, vector_store)
    report.write(root / WRITES[1], _report(root, dropped, encoders))
    logger.info(
        "%s: %d photos in collection %s, %d dropped", STAGE, triplets.count, content.name, len(dropped)
    )


def _pictures(photos: Path) -> Iterator[list[PictureRow]]:
    """The photos, batch by batch."""
    for table in tables.batches(photos, RealPhoto, ["photo_id", "dataset", "root", "input", "input_hash"]):
        yield [
            PictureRow(
                id=photo["photo_id"],
                dataset=photo["dataset"],
                root=photo["root"],
                input=photo["input"],
                halves=None,
                input_hash=photo["input_hash"],
            )
            for photo in table.to_pylist()
        ]


def _demand_photos(count: int, dropped: list[Dropped]) -> None:
    if count:
        return
    if not dropped:
        raise MissingInputError(
            "the real-rain database is empty: add a dataset of unlabelled rainy photos to raw_datasets.datasets "
            "(`layout: photos`, or any layout with `role: real`) and name its folder in roots.local.yaml"
        )
    raise MissingInputError(
        f"not one photo of the real-rain database can be encoded (the first, {dropped[0].pair_id}: "
        f"{dropped[0].reason}, {dropped[0].other}): add other photos to raw_datasets.datasets"
    )


def _write_collection(path: Path, content: Content, vector_store: VectorStore) -> None:
    """What the collection is, so that a reader can tell it from another and fill it again."""
    facts = {
        "collection": content.name,
        "count": len(content.ids),
        "encoder": content.encoder,
        "engine": vector_store.engine,
    }
    write_text(path, json.dumps(facts, indent=2, sort_keys=True) + "\n")


def _report(root: Path, dropped: list[Dropped], encoders: Encoders) -> Report:
    """Photos by dataset, and by the kind of rain that their captions name."""
    encoder = make_encoder(encoders)
    listed = tables.columns(root / paths.VERIFIED / "real.parquet", RealPhoto, ["dataset"])["dataset"]
    captions = tables.columns(root / paths.DATABASE / TABLE, TripletRow, ["caption"])["caption"]
    datasets = Counter(dict(listed.value_counts(sort=False).iter_rows()))
    kinds = Counter[str]()
    for caption, count in captions.value_counts(sort=False).iter_rows():
        light, drops = "night" if "night" in caption else "day", "drops" in caption
        kinds[f"{light} {'drops' if drops else 'streaks'}"] += count
    return Report(
        stage=STAGE,
        counts={"photos": len(listed), "dropped": len(dropped)},
        reasons=dict(sorted(Counter(row.reason for row in dropped).items())),
        notes=encoder.notes,
        figures={
            "encoders": encoder.name,
            "datasets": [{"dataset": name, "photos": datasets[name]} for name in sorted(datasets)],
            "captioned_as": [{"kind": kind, "photos": kinds[kind]} for kind in sorted(kinds)],
        },
    )
