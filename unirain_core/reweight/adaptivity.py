"""When to trust the comparison between types and when each type's own stability."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

LOGIT_LIMIT = 1e300
"""Bound of every logit, so that no sum of them overflows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptivityState:
    """The past as Eq. 9 needs it: four numbers, however long the run."""

    count: float = 0.0
    """Updates that had slopes (decayed, when a decay is set)."""
    total: float = 0.0
    """Running sum of the normaliser."""
    newest: float = 0.0
    """Logit of the newest update."""
    log_sum: float = -math.inf
    """Log of the sum of the exponentials of all logits so far, each as it was when it was newest."""

    def push(self, change: float, pace: float, *, tau: float, cap: float | None, decay: float = 1.0) -> Self:
        """The state after one more update.

        The paper leaves open whether old logits are normalised anew at every step; here each keeps the
        value it had, since only then does the sum stream exactly.

        Args:
            change: numerator of the logit, the paper's α_max; negative while all types converge.
            pace: what the normaliser grows by; α_max as printed, |α_max| in the repaired form.
            tau: temperature τ > 0.
            cap: upper bound of the logit; None: none.
            decay: factor in (0, 1] on all that is past; 1: nothing is forgotten.
        """
        count, total = decay * self.count + 1.0, decay * self.total + pace
        logit = -tau * count * change / total if total != 0.0 else 0.0
        logit = min(max(logit, -LOGIT_LIMIT), LOGIT_LIMIT if cap is None else cap)
        log_sum = float(np.logaddexp(self.log_sum + math.log(decay), logit))
        return type(self)(count=count, total=total, newest=logit, log_sum=log_sum)


def adaptivity_factor(state: AdaptivityState) -> float:
    """Adaptivity factor AF, the weight of TBS against TSS, Eq. (9).

    min(t softmax_t(-τ t α_max(t) / Σ_{i<=t} |α_max(i)|), 1), where t counts the updates that had slopes.
    As printed, without the bars, it does not see the sign of α_max: it stays at 1 when a type diverges.

    Returns:
        A number in [0, 1]; 1 before the first slope.

    >>> adaptivity_factor(AdaptivityState().push(-1.0, 1.0, tau=5.0, cap=None))
    1.0
    """
    if state.count == 0.0:
        return 1.0
    return min(math.exp(math.log(state.count) + state.newest - state.log_sum), 1.0)
