"""Stage: the triplet of every labelled pair's rainy picture."""

import logging
from collections import Counter
from functools import partial
from pathlib import Path

from unirain_core.artefacts import paths, report, tables, triplets
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Pair
from unirain_core.artefacts.triplets import EncodedRow
from unirain_core.config.sections import Encoders
from unirain_core.distill.triplet import PictureRow, settle, triplet_job
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
from unirain_core.stages.encoders import make_encoder

logger = logging.getLogger(__name__)

STAGE = "query_triplets"
READS = (paths.VERIFIED,)
WRITES = (paths.TRIPLETS, paths.report(STAGE))
PARAMS = ("encoders",)
ALGORITHM = "1"


def run(root: Path, *, encoders: Encoders) -> None:
    """Encode every verified pair, in the order of the pairs; one that cannot be encoded is dropped with its reason."""
    pairs = tables.read(root / paths.VERIFIED / "pairs.parquet", Pair)
    logger.info("%s: %d pictures to encode", STAGE, len(pairs))
    job = triplet_job(partial(make_encoder, encoders), Roots.load(root), ALGORITHM)
    rows = [
        PictureRow(
            id=p.pair_id,
            dataset=p.dataset,
            root=p.root,
            input=p.input,
            halves=p.halves,
            input_hash=p.input_hash,
        )
        for p in pairs
    ]
    encoded, dropped = settle(rows, finished_rows(job, rows, WorkStore.at(root, STAGE)))
    triplets.write(root / paths.TRIPLETS, encoded)
    tables.write(root / paths.TRIPLETS / "dropped.parquet", dropped, Dropped)
    report.write(root / WRITES[1], _report(pairs, encoded, dropped, encoders))
    logger.info("%s: %d pictures encoded, %d dropped", STAGE, len(encoded), len(dropped))


def _report(
    pairs: list[Pair], encoded: list[EncodedRow], dropped: list[Dropped], encoders: Encoders
) -> Report:
    encoder = make_encoder(encoders)
    types = {pair.pair_id: pair.rain_type for pair in pairs}
    captions: dict[str, str] = {}
    for triplet in encoded:
        captions.setdefault(types[triplet.id], triplet.caption)
    counts = Counter(pair.rain_type for pair in pairs)
    return Report(
        stage=STAGE,
        counts={"pairs": len(pairs), "triplets": len(encoded), "dropped": len(dropped), **counts},
        reasons=dict(sorted(Counter(row.reason for row in dropped).items())),
        notes=encoder.notes,
        figures={
            "captioner": encoder.captioner.form,
            "encoders": encoder.name,
            "different_captions": len({row.caption for row in encoded}),
            "captions": [{"rain_type": k, "caption": captions[k]} for k in sorted(captions)],
        },
    )
