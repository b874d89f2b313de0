"""The differences between the presets: the input of Eq. 9, and its substitutes."""

from typing import assert_never

import numpy as np

from unirain_core.config.sections import Preset
from unirain_core.reweight.slope import Float64Array


def change_and_pace(preset: Preset, slopes: Float64Array) -> tuple[float, float]:
    """Numerator of the newest logit of Eq. 9, and what its normaliser grows by.

    As printed both are α_max, the largest slope. A signed normaliser cancels the sign of the
    numerator, so that AF cannot fall on divergence; the other presets grow it by |α_max|.

    Args:
        preset: which form.
        slopes: (k,) α of the types that have one, k >= 1.
    """
    steepest = float(slopes.max())
    match preset:
        case "literal":
            return steepest, steepest
        case "gated":
            return max(steepest, 0.0), abs(steepest)
        case "magnitude":
            fastest = float(np.abs(slopes).max())
            return fastest, fastest
        case "unirain" | "fixed_af" | "no_tss" | "no_tbs" | "uniform":
            return steepest, abs(steepest)
        case _:
            assert_never(preset)


def factor_in_use(preset: Preset, factor: float, fixed: float) -> float:
    """AF, or the constant that an ablation puts in its place.

    >>> factor_in_use("no_tss", 0.3, 0.5), factor_in_use("no_tbs", 0.3, 0.5), factor_in_use("unirain", 0.3, 0.5)
    (1.0, 0.0, 0.3)
    """
    match preset:
        case "fixed_af":
            return fixed
        case "no_tss":
            return 1.0
        case "no_tbs":
            return 0.0
        case "literal" | "unirain" | "gated" | "magnitude" | "uniform":
            return factor
        case _:
            assert_never(preset)
