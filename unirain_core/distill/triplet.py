"""The triplet (caption, image vector, picture) of a picture, and the work that makes it of a row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unirain_core.artefacts import triplets
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped
from unirain_core.artefacts.triplets import EncodedRow
from unirain_core.distill.encoders.captioner import Captioner
from unirain_core.distill.encoders.image import ImageEncoder
from unirain_core.distill.encoders.text import TextEncoder
from unirain_core.distill.stand_ins import note
from unirain_core.engine.jobs import Finished
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.imaging.codec import RgbImage, to_float, to_uint8
from unirain_core.imaging.colour import luma
from unirain_core.imaging.pairs import read_rainy


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

    def encode(self, image: RgbImage) -> Triplet:
        """The triplet of a picture of any size."""
        caption = self.captioner.caption(image)
        return Triplet(
            caption=caption,
            text_vector=self.text.encode(caption),
            image_vector=self.image.encode(image),
            picture=structure_picture(image, self.structure_side),
        )


def structure_picture(image: RgbImage, side: int) -> NDArray[np.uint8]:
    """The whole picture in grey, resized with antialiasing to a square: what Eq. 3 compares.

    The paper leaves size and colour of its SSIM open; here small, square and grey, so that pictures of all
    shapes can be compared.
    """
    grey = Image.fromarray(to_uint8(luma(to_float(image))))
    return np.asarray(grey.resize((side, side), Image.Resampling.BICUBIC), dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """A picture that shall have a triplet."""

    id: str
    """Pair_id or photo_id."""
    dataset: str
    """Name of the dataset in params."""
    root: str
    """Name of the root that the path is relative to."""
    input: str
    """Relative path."""
    halves: str | None
    """Left or right: the clean half of a picture that holds both."""
    input_hash: str
    """Content hash of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeRows:
    """The per-row work of every stage that makes triplets."""

    make_encoder: Callable[[], Encoder]
    """Makes the encoder in each process; what it returns is not pickled."""
    made_with: str
    """Names and versions of the encoders."""
    roots: Roots
    algorithm: str
    output: type[EncodedRow] = EncodedRow
    device: Device = "cpu"
    batch: int | None = None

    def key(self, row: PictureRow) -> str:
        """Everything that determines a row's triplet."""
        return digest(self.made_with, row.input_hash, row.halves)

    def place(self, row: PictureRow) -> tuple[str, str]:
        """Dataset and id of a row."""
        return row.dataset, row.id

    def compute(self, batch: Sequence[PictureRow]) -> list[EncodedRow]:
        """One triplet for each row."""
        return [self._encoded(row) for row in batch]

    def _encoded(self, row: PictureRow) -> EncodedRow:
        encoder = self.make_encoder()
        file = self.roots.path(row.root, row.input)
        triplet = encoder.encode(read_rainy(file, row.halves, listed=row.input_hash))
        return EncodedRow(
            id=row.id,
            caption=triplet.caption,
            caption_form=encoder.captioner.form,
            text_vector=triplet.text_vector,
            image_vector=triplet.image_vector,
            picture=triplet.picture.tobytes(),
            encoder=encoder.name,
            input_hash=row.input_hash,
        )


def triplet_job(make_encoder: Callable[[], Encoder], roots: Roots, algorithm: str) -> EncodeRows:
    """The per-row work of every stage that makes triplets.

    Args:
        make_encoder: a picklable function that gives a process its one encoder.
        roots: where the datasets lie.
        algorithm: the version of the stage's algorithm.
    """
    encoder = make_encoder()
    made_with = f"{encoder.captioner.form}; {encoder.name}"
    return EncodeRows(make_encoder=make_encoder, made_with=made_with, roots=roots, algorithm=algorithm)


def write_triplets(folder: Path, windows: Iterable[Finished[PictureRow, EncodedRow]]) -> list[Dropped]:
    """Write the triplets of the rows that have one, in the order of the rows, as they come.

    Returns:
        The other rows, with their reasons.
    """
    dropped: list[Dropped] = []
    with triplets.writer(folder) as out:
        for window in windows:
            out.columns(window.results)
            for position, failed in window.failures.items():
                row = window.rows[position]
                dropped.append(
                    Dropped(pair_id=row.id, dataset=row.dataset, reason=failed.reason, other=failed.detail)
                )
    return dropped
