"""Whether the slopes that the reweighter followed in a training were signal or noise."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.config.sections import RainType, Strategy
from unirain_core.reweight.slope import slope_signal_to_noise

LEAST = 1.0
"""Below it a slope's own error is as large as the slope, so that its sign says little."""


def signal_to_noise(
    history: Sequence[HistoryRow], rain_types: Sequence[RainType], window_size: int
) -> dict[RainType, float | None]:
    """Each rain type's ratio; None where the training was too short for it, or its slopes do not vary.

    Args:
        history: of the training.
        rain_types: the K types.
        window_size: updates of a window, N.
    """
    ratios: dict[RainType, float | None] = {}
    for rain_type in rain_types:
        of_type = [row.slope for row in history if row.rain_type == rain_type and row.af is not None]
        slopes = np.array([[math.nan if slope is None else slope for slope in of_type]])
        ratio = math.nan
        if slopes.shape[1] > window_size:
            ratio = float(slope_signal_to_noise(slopes, window_size)[0])
        ratios[rain_type] = ratio if math.isfinite(ratio) else None
    return ratios


def notes(ratios: Mapping[RainType, float | None], strategy: Strategy) -> list[str]:
    """A sentence where weights followed noise; none where they followed nothing."""
    noisy = {rain_type: ratio for rain_type, ratio in ratios.items() if ratio is not None and ratio < LEAST}
    if not noisy or strategy.preset == "uniform":
        return []
    named = ", ".join(f"{rain_type} {ratio:.2f}" for rain_type, ratio in noisy.items())
    return [
        f"the slopes of the losses are mostly noise (signal to noise below {LEAST:g}: {named}), so the weights of Eq. 10 follow chance; "
        "windows that span more steps raise the ratio: a larger window_size or update_every of the strategy"
    ]
