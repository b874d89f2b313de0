"""Rendered pictures with everything that the statistics stand-ins measure on them, and their references."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.triplets import EncodedRow, Triplets
from unirain_core.config.sections import Encoders, RetrievedReferences, SampleCorpus
from unirain_core.distill.cascade import Database, references
from unirain_core.distill.prepared_picture import structure_picture
from unirain_core.distill.stores.memory import MemoryStore
from unirain_core.standins.rain.photos import SHIPPED, Photo
from unirain_core.standins.rain.plan import plan
from unirain_core.standins.rain.render import rendered
from unirain_core.standins.statistics.attributes import Measured, attributes, measured
from unirain_core.standins.statistics.captioner import sentence
from unirain_core.standins.statistics.features import Features, measure
from unirain_core.standins.statistics.fitted import Fitted
from unirain_core.standins.statistics.frame import frame_of
from unirain_core.standins.statistics.image import raw_vector, standardised
from unirain_core.standins.statistics.text import StatisticsTextEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One rendered picture and all that is measured on it."""

    id: str
    rain_type: str
    kind: str
    """Empty: good; else the planted kind."""
    real: bool
    """A photo of the real-rain database."""
    features: Features
    measured: Measured
    raw_vector: NDArray[np.float64]
    """(276,)."""
    structure: NDArray[np.uint8]
    """(128, 128)."""

    @property
    def good(self) -> bool:
        """Whether a judge should keep it."""
        return not self.real and not self.kind


@dataclass(frozen=True, slots=True)
class Query:
    """A picture and the references that it is judged against."""

    sample: Sample
    references: tuple[Sample, ...]


def samples(config: SampleCorpus, over: tuple[Photo, ...] = SHIPPED) -> Iterator[Sample]:
    """Render and measure all sound pairs and real photos of a corpus over these photographs."""
    for number, item in enumerate(plan(config, over)):
        if item.fault:
            continue
        image, _ = rendered(item, config, over)
        frame = frame_of(image)
        yield Sample(
            id=f"{number:04d}",
            rain_type=item.rain_type,
            kind=item.kind,
            real=item.role == "real",
            features=measure(image),
            measured=measured(frame),
            raw_vector=raw_vector(frame.rgb),
            structure=structure_picture(image, Encoders().structure_side),
        )


def labelled(corpus: Sequence[Sample], fit: Fitted) -> list[Query]:
    """The good and planted pictures, each with its references."""
    database = [triplet(s, fit) for s in corpus if s.real]
    return _queries([s for s in corpus if not s.real], database, corpus, fit)


def photos(corpus: Sequence[Sample], fit: Fitted) -> list[Query]:
    """The real photos, each with references among the others."""
    triplets = {s.id: triplet(s, fit) for s in corpus if s.real}
    queries: list[Query] = []
    for photo in corpus:
        if photo.real:
            others = [row for name, row in triplets.items() if name != photo.id]
            queries += _queries([photo], others, corpus, fit)
    return queries


def _queries(
    asked: Sequence[Sample], database: Sequence[EncodedRow], corpus: Sequence[Sample], fit: Fitted
) -> list[Query]:
    sizes, by_id = RetrievedReferences(), {s.id: s for s in corpus}
    held = Database.of(Triplets.of(database), sizes)
    store = MemoryStore()
    store.fill(held.content)
    found = references(Triplets.of([triplet(s, fit) for s in asked]), held, store, sizes)
    return [
        Query(sample, tuple(by_id[row.reference_id] for row in rows))
        for sample, rows in zip(asked, found, strict=True)
    ]


def triplet(sample: Sample, fit: Fitted) -> EncodedRow:
    """The triplet that the statistics encoders of a fit make of a measured picture."""
    caption = sentence(attributes(sample.measured, fit.rules))
    return EncodedRow(
        id=sample.id,
        caption=caption,
        caption_form="",
        text_vector=StatisticsTextEncoder(fit).encode([caption])[0],
        image_vector=standardised(sample.raw_vector, fit),
        picture=sample.structure.tobytes(),
        encoder="",
        input_hash=sample.id,
    )
