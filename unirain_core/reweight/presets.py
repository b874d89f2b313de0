"""The differences between the presets: the input of Eq. 9, and its substitutes."""

from typing import assert_never

import numpy as np

from unirain_core.config.sections import Preset
from unirain_core.reweight.slope import Float64Array


def change_and_pace(preset: Preset, slopes: Float64Array) -> tuple[float, float]:
    """Numerator of the newest logit of Eq. 9, and the number that its normaliser grows by.

    `printed`: both are α_max, the largest slope. The sign cancels, so that AF stays at 1 when a type diverges, against the prose.
    `gated`: max(α_max, 0) over |α_max|. AF is 1 while all types converge, as printed, and falls when one diverges.
    `abs`: α_max over |α_max|. AF also falls when convergence merely slows down: in effect TSS alone.
    `magnitude`: the largest |α| is both.
    The presets without Eq. 9 compute it as `gated`, for the record.

    Args:
        preset: which reading.
        slopes: (k,) α of the types that have one, k >= 1.
    """
    steepest = float(slopes.max())
    match preset:
        case "printed":
            return steepest, steepest
        case "gated" | "fixed_af" | "no_tss" | "no_tbs" | "uniform":
            return max(steepest, 0.0), abs(steepest)
        case "abs":
            return steepest, abs(steepest)
        case "magnitude":
            fastest = float(np.abs(slopes).max())
            return fastest, fastest
        case _:
            assert_never(preset)


def factor_in_use(preset: Preset, factor: float, fixed: float) -> float:
    """AF, or the constant that an ablation puts in its place.

    >>> factor_in_use("no_tss", 0.3, 0.5), factor_in_use("no_tbs", 0.3, 0.5), factor_in_use("gated", 0.3, 0.5)
    (1.0, 0.0, 0.3)
    """
    match preset:
        case "fixed_af":
            return fixed
        case "no_tss":
            return 1.0
        case "no_tbs":
            return 0.0
        case "printed" | "gated" | "abs" | "magnitude" | "uniform":
            return factor
        case _:
            assert_never(preset)
