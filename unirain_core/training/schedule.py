"""The learning rate of every step."""

import math


def learning_rate(step: int, *, peak: float, final: float, warmup_steps: int, steps: int) -> float:
    """Linear rise to the peak, then half a cosine down to the final rate.

    Args:
        step: the step that is about to be taken, counted from 0.
        peak: highest rate.
        final: the rate after the last step.
        warmup_steps: steps of the rise; the last of them has the peak's rate.
        steps: steps of the whole run.

    >>> [learning_rate(s, peak=1.0, final=0.0, warmup_steps=2, steps=6) for s in (0, 1, 2, 4)]
    [0.5, 1.0, 1.0, 0.5]
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return final + (peak - final) * 0.5 * (1.0 + math.cos(math.pi * min(done, 1.0)))
