"""Two views of the slopes: between rain types now, and within each type over time."""

import numpy as np

from unirain_core.reweight.slope import Float64Array


def balance_score(slopes: Float64Array) -> Float64Array:
    """Task balance score TBS: slow types before fast ones, Eq. (7).

    softmax_i(K α_i / Σ_j |α_j|); the printed i is both free and bound, so the bound one is j here.

    Args:
        slopes: (K,) α of each type, finite.

    Returns:
        (K,) in (0, 1), sums to 1; larger for a type that converges more slowly or diverges.

    >>> balance_score(np.zeros(4))
    array([0.25, 0.25, 0.25, 0.25])
    """
    return _softmax(slopes.size * _ratio(slopes, np.abs(slopes).sum()))


def stability_score(slopes: Float64Array) -> Float64Array:
    """Task stability score TSS: steadily converging types before diverging ones, Eq. (8).

    softmax_i(-m_i α_i(t) / Σ |α_i|) over the type's m_i latest slopes. The paper's factor N is their
    number once the window is full; earlier it would inflate the logits.

    Args:
        slopes: (K, N) latest slopes of each type, newest last; NaN where there is none yet.

    Returns:
        (K,) in (0, 1), sums to 1; an exactly flat type has logit 0.

    >>> stability_score(np.array([[-1.0, -1.0], [np.nan, -0.1]]))
    array([0.5, 0.5])
    """
    seen = np.count_nonzero(~np.isnan(slopes), axis=-1)
    return _softmax(-seen * _ratio(slopes[:, -1], np.nansum(np.abs(slopes), axis=-1)))


def _ratio(part: Float64Array, whole: Float64Array) -> Float64Array:
    """Part over whole with 0/0 = 0; no epsilon, which would flatten slopes of 1e-9."""
    quotient: Float64Array = np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)
    return quotient


def _softmax(logits: Float64Array) -> Float64Array:
    raised = np.exp(logits - logits.max())
    shares: Float64Array = raised / raised.sum()
    return shares
