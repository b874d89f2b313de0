"""Inspection of one row: what its files hold, measured once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.imaging.codec import Decoded, RgbImage, UnreadableError, pixel_hash, read_picture, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.difference import SMALLEST, rain_strength, texture
from unirain_core.imaging.geometry import phase_correlation, split_halves
from unirain_core.imaging.hashes import difference_hash, rain_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was measured of a manifest row; no threshold but the largest size has a part in it."""

    PRODUCER: ClassVar[str] = "verified_pairs"

    pair_id: str
    """As in the manifest."""
    problem: str | None = None
    """Reason for which the files could not be measured."""
    detail: str | None = None
    """What explains the problem."""
    width: int = 0
    """Of the rainy picture, pixels."""
    height: int = 0
    """Of the rainy picture, pixels."""
    mode: str = ""
    """Stored mode of the rainy file."""
    rainy_pixels: str = ""
    """Hash of the decoded rainy picture."""
    clean_pixels: str | None = None
    """Hash of the decoded clean picture; null for a photo."""
    clean_hash: bytes = b""
    """256-bit difference hash of the clean picture; empty for a photo."""
    rain_hash: bytes = b""
    """256-bit difference hash of rainy minus clean; empty for a photo."""
    clean_luma: float | None = None
    """Median luma of the clean picture."""
    difference: float | None = None
    """Mean absolute difference of the two pictures, grey levels."""
    peak: float | None = None
    """Height of the phase correlation's peak."""
    offset: int | None = None
    """Distance of the peak from the middle, pixels."""
    texture: float | None = None
    """Mean gradient of the clean luma, grey levels per pixel."""
    lowest_rain: float | None = None
    """Tenth percentile of rainy minus clean, grey levels of luma."""
    rain: float | None = None
    """Strength of what no encoder and no resampling explains; null where a side is too short to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectRows:
    """The per-row work of `verified_pairs`; other thresholds than the largest size cost no new work."""

    max_pixels: int
    roots: Roots
    algorithm: str
    output: type[Inspection] = Inspection
    device: Device = "cpu"
    batch: int | None = None

    def key(self, row: ManifestRow) -> str:
        """Everything that determines a row's inspection."""
        return digest(row.input_hash, row.target_hash, row.halves, self.max_pixels)

    def place(self, row: ManifestRow) -> tuple[str, str]:
        """Dataset and id of a row."""
        return row.dataset, row.pair_id

    def compute(self, batch: Sequence[ManifestRow]) -> list[Inspection]:
        """One inspection for each row.

        Raises:
            ChangedInputError: a file is not the one that was listed.
        """
        return [self._inspected(row) for row in batch]

    def _inspected(self, row: ManifestRow) -> Inspection:
        try:
            first = self._decoded(row.rainy)
            # one file that holds both is decoded once
            second = None if row.clean is None or row.halves else self._decoded(row.clean)
        except UnreadableError as error:  # a fact of the content: it is kept like any other
            return Inspection(pair_id=row.pair_id, problem=error.reason, detail=error.detail)
        if row.halves is None:
            return inspect(row.pair_id, first.mode, first.pixels, second.pixels if second else None)
        if first.pixels.shape[1] < 2:
            return Inspection(pair_id=row.pair_id, problem="too_small", detail="one column for two pictures")
        return inspect(row.pair_id, first.mode, *split_halves(first.pixels, row.halves))

    def _decoded(self, picture: Picture) -> Decoded:
        """The whole file of a picture."""
        place = self.roots.path(picture.root, picture.path)
        return read_picture(place, picture.content_hash, max_pixels=self.max_pixels, strict=True)


def inspect(pair_id: str, mode: str, rainy: RgbImage, clean: RgbImage | None = None) -> Inspection:
    """Measure a decoded pair, or a photo where there is no clean picture.

    Args:
        pair_id: as in the manifest.
        mode: stored mode of the rainy file.
        rainy: (H, W, 3) uint8.
        clean: uint8, of the same shape in a sound pair.
    """
    height, width = rainy.shape[:2]
    rainy_pixels = pixel_hash(rainy)
    if clean is None:
        return Inspection(pair_id=pair_id, width=width, height=height, mode=mode, rainy_pixels=rainy_pixels)
    if rainy.shape != clean.shape:
        sizes = f"{width} x {height}, clean {clean.shape[1]} x {clean.shape[0]}"
        return Inspection(pair_id=pair_id, problem="size_mismatch", detail=sizes)
    clean_luma, rainy_luma = (luma(to_float(image)) for image in (clean, rainy))
    shift = phase_correlation(clean_luma, rainy_luma)
    return Inspection(
        pair_id=pair_id,
        width=width,
        height=height,
        mode=mode,
        rainy_pixels=rainy_pixels,
        clean_pixels=pixel_hash(clean),
        clean_hash=difference_hash(clean),
        rain_hash=rain_hash(rainy, clean),
        clean_luma=float(np.median(clean_luma)),
        difference=float(np.mean(np.abs(rainy.astype(np.int16) - clean))),
        peak=shift.peak,
        offset=shift.offset,
        texture=texture(clean_luma),
        lowest_rain=255 * float(np.percentile(rainy_luma - clean_luma, 10)),
        rain=rain_strength(rainy_luma, clean_luma) if min(height, width) >= SMALLEST else None,
    )
