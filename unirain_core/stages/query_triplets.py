"""Stage: the triplet of every labelled pair's rainy picture."""

import logging
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Pair, TripletRow
from unirain_core.artefacts.triplets import TABLE
from unirain_core.config.sections import Encoders
from unirain_core.distill.triplet import PictureRow, triplet_job, write_triplets
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.stages.encoders import make_encoder

logger = logging.getLogger(__name__)

STAGE = "query_triplets"
READS = (paths.VERIFIED,)
WRITES = (paths.TRIPLETS, paths.report(STAGE))
PARAMS = ("encoders",)
ALGORITHM = "1"


_COLUMNS = ("pair_id", "dataset", "root", "input", "halves", "input_hash")
"""Of a pair, all that its triplet is made from."""


def run(root: Path, *, encoders: Encoders) -> None:
    """Encode every verified pair, in the order of the pairs; one that cannot be encoded is dropped with its reason."""
    logger.info("%s: encodes the rainy pictures of the verified pairs", STAGE)
    job = triplet_job(partial(make_encoder, encoders), Roots.load(root), ALGORITHM)
    windows = stream(job, _pictures(root / paths.VERIFIED / "pairs.parquet"), WorkStore.at(root, STAGE))
    dropped = write_triplets(root / paths.TRIPLETS, windows)
    tables.write(root / paths.TRIPLETS / "dropped.parquet", dropped, Dropped)
    summary = _report(root, dropped, encoders)
    report.write(root / WRITES[1], summary)
    logger.info("%s: %d pictures encoded, %d dropped", STAGE, summary.counts["triplets"], len(dropped))


def _pictures(pairs: Path) -> Iterator[list[PictureRow]]:
    """The rainy pictures, batch by batch."""
    for table in tables.batches(pairs, Pair, _COLUMNS):
        yield [
            PictureRow(
                id=pair["pair_id"],
                dataset=pair["dataset"],
                root=pair["root"],
                input=pair["input"],
                halves=pair["halves"],
                input_hash=pair["input_hash"],
            )
            for pair in table.to_pylist()
        ]


def _report(root: Path, dropped: list[Dropped], encoders: Encoders) -> Report:
    encoder = make_encoder(encoders)
    pairs = tables.columns(root / paths.VERIFIED / "pairs.parquet", Pair, ["pair_id", "rain_type"])
    captions = tables.columns(root / paths.TRIPLETS / TABLE, TripletRow, ["id", "caption"])
    counts = Counter(dict(pairs["rain_type"].value_counts(sort=False).iter_rows()))
    typed = captions.join(pairs, left_on="id", right_on="pair_id", how="left", maintain_order="left")
    first = typed.unique("rain_type", keep="first", maintain_order=True).sort("rain_type")
    return Report(
        stage=STAGE,
        counts={"pairs": len(pairs), "triplets": len(captions), "dropped": len(dropped), **counts},
        reasons=dict(sorted(Counter(row.reason for row in dropped).items())),
        notes=encoder.notes,
        figures={
            "captioner": encoder.captioner.form,
            "encoders": encoder.name,
            "different_captions": captions["caption"].n_unique(),
            "captions": first.select("rain_type", "caption").to_dicts(),
        },
    )
