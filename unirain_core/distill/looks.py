"""The per-pair work of the report on leakage: hashes of the views of the clean picture, and of the rain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.imaging.codec import RgbImage, UnreadableError, pixel_hash, read_rgb
from unirain_core.imaging.geometry import half_of
from unirain_core.imaging.views import rain_views, views

MAX_PIXELS = 100_000_000
"""Larger pictures are left out and counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The hashes of a pair, or the reason why there are none."""

    PRODUCER: ClassVar[str] = "leakage_report"

    pair_id: str
    """As in the manifest."""
    problem: str | None = None
    """Reason for which the pair has no hashes; None: it has them."""
    height: int = 0
    """Of the clean picture, pixels."""
    width: int = 0
    """Of the clean picture, pixels."""
    clean: str = ""
    """Hash of the decoded clean picture."""
    rainy: str = ""
    """Hash of the decoded rainy picture."""
    rain: bytes = b""
    """`imaging.views.rain_views` as bytes: (N_WINDOWS, 32) hashes of rainy minus clean."""
    hashes: bytes = b""
    """`Views.hashes` of the clean picture as bytes: (N_WINDOWS, 32)."""
    small: bytes = b""
    """`Views.small` of the clean picture as bytes: (SMALL, SMALL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtPairs:
    """The per-row work of `leakage_report`."""

    roots: Roots
    algorithm: str
    output: type[Look] = Look
    device: Device = "cpu"
    batch: int | None = None

    def key(self, row: ManifestRow) -> str:
        """Everything that determines the look."""
        return digest(row.input_hash, row.target_hash, row.halves)

    def place(self, row: ManifestRow) -> tuple[str, str]:
        """Dataset and id of a row."""
        return row.dataset, row.pair_id

    def compute(self, batch: Sequence[ManifestRow]) -> list[Look]:
        """One look for each row, which must be a pair.

        Raises:
            ChangedInputError: a file is not the one that was listed.
        """
        return [self._look(row) for row in batch]

    def _look(self, row: ManifestRow) -> Look:
        try:
            rainy = self._pixels(row.rainy)
            clean = rainy if row.clean is None else self._pixels(row.clean)
        except UnreadableError as error:  # a fact of the content, as in verified_pairs
            return Look(pair_id=row.pair_id, problem=error.reason)
        if rainy.shape != clean.shape:
            return Look(pair_id=row.pair_id, problem="size_mismatch")
        return look(row.pair_id, rainy, clean)

    def _pixels(self, picture: Picture) -> RgbImage:
        place = self.roots.path(picture.root, picture.path)
        pixels = read_rgb(place, picture.content_hash, max_pixels=MAX_PIXELS)
        return half_of(pixels, picture.half) if picture.half else pixels


def look(pair_id: str, rainy: RgbImage, clean: RgbImage) -> Look:
    """The look of two pictures of one shape, (H, W, 3) uint8."""
    clean_views = views(clean)
    return Look(
        pair_id=pair_id,
        height=clean_views.height,
        width=clean_views.width,
        clean=pixel_hash(clean),
        rainy=pixel_hash(rainy),
        rain=rain_views(rainy, clean).tobytes(),
        hashes=clean_views.hashes.tobytes(),
        small=clean_views.small.tobytes(),
    )
