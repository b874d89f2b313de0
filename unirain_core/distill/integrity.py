"""Integrity of one row: what its files hold, measured once, and which check it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.config.sections import VerifiedPairs
from unirain_core.engine.rows import Job
from unirain_core.engine.store import digest
from unirain_core.errors import ArtefactError
from unirain_core.imaging.codec import (
    RgbImage,
    UnreadableError,
    file_hash,
    pixel_hash,
    read_header,
    read_rgb,
    to_float,
)
from unirain_core.imaging.colour import luma
from unirain_core.imaging.geometry import phase_correlation, split_halves
from unirain_core.imaging.hashes import difference_hash, rain_hash

_MIDDLE = 0.2
"""Share of the height asked of a peak that suffices in the very middle."""


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


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is dropped."""

    reason: str
    """One of artefacts.reasons."""
    other: str | None = None
    """The other pair or the detail that explains it."""


def fault(inspection: Inspection, params: VerifiedPairs) -> Fault | None:
    """The first check that a row fails by itself, or None.

    A pair is never judged by its PSNR: sound pairs go down to 6 dB. The phase correlation of right pairs
    peaks at 0.27 and more in public sets, of wrong ones at 0.026 at most. Where a blurred scene gives it
    little to hold on to, a right pair's peak is lower, but in the very middle, where those of 819 wrong
    partners never stood.
    """
    if inspection.problem is not None:
        return Fault(inspection.problem, inspection.detail)
    if min(inspection.width, inspection.height) < params.min_side:
        return Fault("too_small", f"{inspection.width} x {inspection.height}")
    if inspection.peak is None or inspection.offset is None:  # a photo
        return None
    if inspection.rainy_pixels == inspection.clean_pixels:
        return Fault("identical_pair")
    if inspection.peak < params.aligned_peak * (1.0 if inspection.offset else _MIDDLE):
        return Fault("wrong_clean", f"peak {inspection.peak:.3f}")
    if inspection.offset > params.max_offset:
        return Fault("misaligned", f"{inspection.offset} px")
    return None


def inspection_job(params: VerifiedPairs, roots: Roots, algorithm: str) -> Job[ManifestRow, Inspection]:
    """The per-row work of `verified_pairs`; other thresholds than the largest size cost no new work."""
    return Job(
        algorithm=algorithm,
        output=Inspection,
        key=partial(_key, max_pixels=params.max_pixels),
        place=_place,
        work=InspectRows(roots, params.max_pixels),
    )


def _key(row: ManifestRow, max_pixels: int) -> str:
    return digest(row.input_hash, row.target_hash, row.halves, max_pixels)


def _place(row: ManifestRow) -> tuple[str, str]:
    return row.dataset, row.pair_id


@dataclass(frozen=True, slots=True)
class InspectRows:
    """Inspections of rows; picklable, for worker processes."""

    roots: Roots
    max_pixels: int

    def __call__(self, rows: Sequence[ManifestRow]) -> list[list[Inspection]]:
        """One inspection for each row."""
        return [[self._inspected(row)] for row in rows]

    def _inspected(self, row: ManifestRow) -> Inspection:
        listed = ((row.input, row.input_hash), (row.target, row.target_hash))
        files = [(self.roots.path(row.root, path), hashed) for path, hashed in listed if path is not None]
        for file, hashed in files:
            _demand_unchanged(file, hashed)
        try:
            (mode, rainy), *clean = [self._read(file) for file, _ in files]
        except UnreadableError as error:
            return Inspection(pair_id=row.pair_id, problem=error.reason, detail=error.detail)
        if row.halves is None:
            return inspect(row.pair_id, mode, rainy, *(picture for _, picture in clean))
        if rainy.shape[1] < 2:
            return Inspection(pair_id=row.pair_id, problem="too_small", detail="one column for two pictures")
        return inspect(row.pair_id, mode, *split_halves(rainy, row.halves))

    def _read(self, file: Path) -> tuple[str, RgbImage]:
        """Stored mode and pixels, which are decoded only where the header promises a bearable size."""
        try:
            header = read_header(file)
            if header.width * header.height > self.max_pixels:
                raise UnreadableError("too_large", f"{header.width} x {header.height}")
            return header.mode, read_rgb(file)
        except UnreadableError as error:
            raise UnreadableError(error.reason, f"{file.name}: {error.detail}") from None


def _demand_unchanged(file: Path, listed: str | None) -> None:
    """A result is kept under the hash that was listed, so no other content may lead to it."""
    found = file_hash(file) if file.exists() else None
    if found != listed:
        what = "has changed" if found else "is gone"
        mend = "let whatever writes it end, then run `dvc repro`, which lists anew"
        raise ArtefactError(f"{file} {what} since it was listed; {mend}")


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
    greys = [luma(to_float(image)) for image in (clean, rainy)]
    shift = phase_correlation(*greys)
    return Inspection(
        pair_id=pair_id,
        width=width,
        height=height,
        mode=mode,
        rainy_pixels=rainy_pixels,
        clean_pixels=pixel_hash(clean),
        clean_hash=difference_hash(clean),
        rain_hash=rain_hash(rainy, clean),
        clean_luma=float(np.median(greys[0])),
        difference=float(np.mean(np.abs(rainy.astype(np.int16) - clean))),
        peak=shift.peak,
        offset=shift.offset,
    )
