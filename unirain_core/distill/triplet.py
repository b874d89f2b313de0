"""The triplet (caption, image vector, picture) of a picture, and the work that makes it of a row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped
from unirain_core.artefacts.triplets import EncodedRow
from unirain_core.distill.costs import Cost, Costed
from unirain_core.distill.encoders.captioner import Captioner, captions_of
from unirain_core.distill.encoders.image import ImageEncoder, vectors_of
from unirain_core.distill.encoders.text import TextEncoder
from unirain_core.distill.prepared_picture import PreparedPicture, PreparePicture
from unirain_core.distill.preparing import preparation
from unirain_core.distill.rainy import Rainy
from unirain_core.distill.stand_ins import note
from unirain_core.engine.jobs import Finished
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.imaging import pairs
from unirain_core.imaging.codec import RgbImage


@dataclass(frozen=True, slots=True, eq=False)
class Triplet:
    """(T, f, I) of one picture, with the vector of T."""

    caption: str
    """T."""
    text_vector: NDArray[np.float32]
    """(D,) of T, not normalised."""
    image_vector: NDArray[np.float32]
    """(E,), f, unit length."""
    picture: NDArray[np.uint8]
    """(side, side), I: grey Rec. 601, 0 to 255."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """Everything that makes a triplet."""

    captioner: Captioner
    text: TextEncoder
    image: ImageEncoder
    structure_side: int

    @property
    def name(self) -> str:
        """Names and versions of the encoders."""
        return f"{self.text.name}; {self.image.name}; grey-{self.structure_side}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a report must say of the encoders."""
        return note((self.captioner.form, self.text.name, self.image.name))

    @property
    def device(self) -> Device:
        """Where they run: on a GPU if one of them needs it."""
        needed = {self.captioner.device, self.text.device, self.image.device}
        return "gpu" if "gpu" in needed else "cpu"

    @property
    def batch(self) -> int:
        """Pictures that all of them take at once."""
        return min(self.captioner.batch, self.text.batch, self.image.batch)

    @property
    def costs(self) -> dict[str, Cost | None]:
        """What each of them costs; those that are stand-ins are left out."""
        models = {"captioner": self.captioner, "text encoder": self.text, "image encoder": self.image}
        return {name: model.cost for name, model in models.items() if isinstance(model, Costed)}

    @property
    def prepare(self) -> PreparePicture:
        """Makes of a picture what the models are given."""
        return PreparePicture(preparation(self.captioner), preparation(self.image), self.structure_side)

    def encode(self, images: Sequence[RgbImage]) -> list[Triplet]:
        """The triplets of pictures of any size; each model is called once."""
        return self.of_prepared([self.prepare(image) for image in images])

    def of_prepared(self, prepared: Sequence[PreparedPicture]) -> list[Triplet]:
        """As `encode`, of pictures that `prepare` prepared."""
        captions = captions_of(self.captioner, [one.for_caption for one in prepared])
        texts = self.text.encode(captions)
        vectors = vectors_of(self.image, [one.for_vector for one in prepared])
        triplets: list[Triplet] = []
        for one, caption, text, vector in zip(prepared, captions, texts, vectors, strict=True):
            triplets.append(Triplet(caption, text, vector, one.structure))
        return triplets


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeRows:
    """The per-row work of every stage that makes triplets."""

    make_encoder: Callable[[], Encoder]
    """Makes the encoder in each process; what it returns is not pickled."""
    made_with: str
    """Names and versions of the encoders."""
    prepare: PreparePicture
    """Of the encoder."""
    roots: Roots
    algorithm: str
    device: Device
    batch: int
    output: type[EncodedRow] = EncodedRow

    def key(self, row: Rainy) -> str:
        """Everything that determines a row's triplet."""
        return digest(self.made_with, row.picture.content_hash, row.picture.half)

    def place(self, row: Rainy) -> tuple[str, str]:
        """Dataset and id of a row."""
        return row.dataset, row.id

    def load(self, row: Rainy) -> PreparedPicture:
        """The picture of a row, as the models are given it."""
        return self.prepare(pairs.read(row.picture, self.roots))

    def compute(self, batch: Sequence[Rainy]) -> list[EncodedRow]:
        """One triplet for each row.

        Raises:
            FloatingPointError: a vector holds what is no number.
        """
        return self.compute_loaded(batch, [self.load(row) for row in batch])

    def compute_loaded(self, batch: Sequence[Rainy], loaded: Sequence[PreparedPicture]) -> list[EncodedRow]:
        """As `compute`, of rows that are loaded."""
        encoder = self.make_encoder()
        triplets = encoder.of_prepared(loaded)
        return [_encoded(row, triplet, encoder) for row, triplet in zip(batch, triplets, strict=True)]


def _encoded(row: Rainy, triplet: Triplet, encoder: Encoder) -> EncodedRow:
    """The row of a triplet.

    Raises:
        FloatingPointError: a model overflowed. Were its vector kept, no distance to it would be a number, and no border of a
            search that meets it would be certain.
    """
    if not (np.isfinite(triplet.text_vector).all() and np.isfinite(triplet.image_vector).all()):
        raise FloatingPointError(f"a vector of {row.id} holds what is no number ({encoder.name})")
    return EncodedRow(
        id=row.id,
        caption=triplet.caption,
        caption_form=encoder.captioner.form,
        text_vector=triplet.text_vector,
        image_vector=triplet.image_vector,
        picture=triplet.picture.tobytes(),
        encoder=encoder.name,
        input_hash=row.picture.content_hash,
    )


def triplet_job(make_encoder: Callable[[], Encoder], roots: Roots, algorithm: str) -> EncodeRows:
    """The per-row work of every stage that makes triplets.

    Args:
        make_encoder: a picklable function that gives a process its one encoder.
        roots: where the datasets lie.
        algorithm: the version of the stage's algorithm.
    """
    encoder = make_encoder()
    return EncodeRows(
        make_encoder=make_encoder,
        made_with=f"{encoder.captioner.form}; {encoder.name}",
        prepare=encoder.prepare,
        roots=roots,
        algorithm=algorithm,
        device=encoder.device,
        batch=encoder.batch,
    )


def without_triplet(window: Finished[Rainy, EncodedRow]) -> list[Dropped]:
    """The rows of a window that have no triplet, with their reasons, in the order of the rows."""
    dropped: list[Dropped] = []
    for position, failed in sorted(window.failures.items()):
        row = window.rows[position]
        dropped.append(
            Dropped(pair_id=row.id, dataset=row.dataset, reason=failed.reason, other=failed.detail)
        )
    return dropped
