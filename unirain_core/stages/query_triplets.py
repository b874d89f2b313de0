"""Stage: the triplet of every labelled pair's rainy picture."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, report, tables, triplets
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Pair
from unirain_core.artefacts.triplets import EncodedRow
from unirain_core.config.models import EncoderModel
from unirain_core.config.sections import Encoders, QueryCaptions
from unirain_core.distill import rainy
from unirain_core.distill.rainy import Rainy
from unirain_core.distill.triplet import Encoder, triplet_job, without_triplet
from unirain_core.engine.jobs import Finished
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.stages import forecast
from unirain_core.stages.encoders import EncoderChoice, make_encoder

logger = logging.getLogger(__name__)

STAGE = "query_triplets"
READS = (paths.VERIFIED,)
WRITES = (paths.TRIPLETS, paths.report(STAGE))
PARAMS = ("encoders", "encoder_models", "query_captions")
ALGORITHM = "2"


def run(
    root: Path,
    *,
    encoders: Encoders,
    encoder_models: Mapping[str, EncoderModel],
    query_captions: QueryCaptions,
) -> None:
    """Encode every verified pair, in the order of the pairs; one that cannot be encoded is dropped with its reason.

    Pairs of role `benchmark` are dropped here, so that nothing after this stage judges or draws them.
    """
    choice = EncoderChoice.of(encoders, encoder_models, query_captions)
    job = triplet_job(partial(make_encoder, choice), Roots.load(root), ALGORITHM)
    only_scored = rainy.only_scored(root)
    n_encoded = tables.count(root / rainy.PAIRS, Pair) - len(only_scored)
    forecast.tell(STAGE, make_encoder(choice).costs, n_encoded, together=True)
    out, figures = root / paths.TRIPLETS, _Figures()
    with triplets.writer(out) as table, tables.writer(out / "dropped.parquet", Dropped) as dropped:
        dropped.columns(only_scored)
        figures.leave_out(only_scored)
        for window in stream(job, rainy.pairs(root), WorkStore.at(root, STAGE), total=n_encoded):
            table.columns(window.results)
            dropped.rows(without_triplet(window))
            figures.add(window)
    report.write(root / WRITES[1], figures.report(make_encoder(choice)))
    logger.info("%s: %d pictures encoded, %d dropped", STAGE, table.count, figures.reasons.total())


@dataclass(slots=True)
class _Figures:
    """What the report says, gathered while the triplets are written."""

    types: Counter[str | None] = field(default_factory=Counter)
    """Pairs of each rain type."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why pairs were dropped."""
    captions: dict[str | None, str] = field(default_factory=dict)
    """The first caption of each rain type."""
    caption_hashes: list[pl.Series] = field(default_factory=list)
    """8 bytes of each caption, since a million different ones may be longer than all else in memory."""

    def add(self, window: Finished[Rainy, EncodedRow]) -> None:
        captions = pl.DataFrame(window.results.select(["caption"]))["caption"]
        self.types.update(row.rain_type for row in window.rows)
        self.reasons.update(failed.reason for failed in window.failures.values())
        self.caption_hashes.append(captions.hash())
        for row, caption in zip(window.kept(), captions, strict=True):
            self.captions.setdefault(row.rain_type, caption)

    def leave_out(self, rows: pl.DataFrame) -> None:
        """Count pairs that are dropped without being encoded."""
        self.types.update(rows["rain_type"])
        self.reasons.update(rows["reason"])

    def report(self, encoder: Encoder) -> Report:
        n_pairs, n_dropped = self.types.total(), self.reasons.total()
        types = {str(name): count for name, count in self.types.items()}
        different = pl.concat([pl.Series(dtype=pl.UInt64), *self.caption_hashes]).n_unique()
        return Report(
            stage=STAGE,
            counts={"pairs": n_pairs, "triplets": n_pairs - n_dropped, "dropped": n_dropped, **types},
            reasons=dict(sorted(self.reasons.items())),
            notes=encoder.notes,
            figures={
                "captioner": encoder.captioner.form,
                "encoders": encoder.name,
                "different_captions": different,
                "captions": [
                    {"rain_type": str(k), "caption": self.captions[k]} for k in sorted(self.captions, key=str)
                ],
            },
        )
