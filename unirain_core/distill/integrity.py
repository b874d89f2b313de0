"""Integrity of one row: which check it fails by itself."""

from dataclasses import dataclass

from unirain_core.config.sections import VerifiedPairs
from unirain_core.distill.inspection import Inspection

_MIDDLE = 0.2
"""A peak in the very middle may be lower than another one: this share of `aligned_peak` suffices."""

_SMOOTH = 1.15
"""Mean gradient in grey levels per pixel below which a clean picture gives the phase correlation nothing to hold on
to: black skies and walls, as small crops show them (`benchmarks/alignment.py`)."""

_LOWEST_RAIN = (-3.0, 8.0)
"""Grey levels between which the tenth percentile of rainy minus clean lies where a smooth clean picture is the right
one: rain leaves a tenth of the pixels alone and darkens none (`benchmarks/alignment.py`)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is dropped."""

    reason: str
    """One of artefacts.reasons."""
    other: str | None = None
    """The other pair or the detail that explains it."""


def fault(inspection: Inspection, params: VerifiedPairs, dataset: str = "") -> Fault | None:
    """The first check that a row fails by itself, or None.

    A pair is never judged by its PSNR: sound pairs go down to 6 dB.

    Args:
        inspection: what was measured of the row.
        params: thresholds.
        dataset: the name of the row's dataset, whose own bounds of alignment count before the common ones.
    """
    if inspection.problem is not None:
        return Fault(inspection.problem, inspection.detail)
    if min(inspection.width, inspection.height) < params.min_side:
        return Fault("too_small", f"{inspection.width} x {inspection.height}")
    if inspection.clean_pixels is None:  # a photo
        return None
    if inspection.rainy_pixels == inspection.clean_pixels:
        return Fault("identical_pair")
    return _without_rain(inspection, params) or _misplaced(inspection, params, dataset)


def _misplaced(inspection: Inspection, params: VerifiedPairs, dataset: str) -> Fault | None:
    """Whether the clean picture shows another scene, or the same one elsewhere.

    In public sets the phase correlation of right pairs peaks at 0.27 or more, and of wrong ones at 0.026 or less. A blurred
    scene gives it little to hold on to, and the peak of a right pair is lower there. But it stands in the very middle, and
    the peak of none of 819 wrong partners did.
    """
    if inspection.peak is None or inspection.offset is None or _is_smooth_and_under_rain(inspection):
        return None
    aligned_peak, max_offset = params.alignment(dataset)
    if inspection.peak < aligned_peak * (1.0 if inspection.offset else _MIDDLE):
        return Fault("wrong_clean", f"peak {inspection.peak:.3f}")
    if inspection.offset > max_offset:
        return Fault("misaligned", f"{inspection.offset} px")
    return None


def _is_smooth_and_under_rain(inspection: Inspection) -> bool:
    if inspection.texture is None or inspection.lowest_rain is None:
        return False
    low, high = _LOWEST_RAIN
    return inspection.texture < _SMOOTH and low <= inspection.lowest_rain <= high


def _without_rain(inspection: Inspection, params: VerifiedPairs) -> Fault | None:
    if inspection.rain is not None and inspection.rain < params.least_rain:
        return Fault("identical_pair", f"rain strength {inspection.rain:.2f}")
    return None
