"""How many independent votes the judges are worth: judges that err on the same pairs count as fewer."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def error_correlations(is_wrong: NDArray[np.bool_]) -> Matrix:
    """Pearson's correlation between the errors of every two judges (for yes and no: phi).

    Args:
        is_wrong: (pairs, judges).

    Returns:
        (judges, judges); NaN where a judge is always right or always wrong, since then nothing can correlate.
    """
    errors = is_wrong.astype(np.float64)
    centred = errors - errors.mean(axis=0) if len(errors) else errors
    covariance = centred.T @ centred
    spread = np.sqrt(np.diag(covariance))
    product = np.outer(spread, spread)
    unknown = np.full_like(covariance, np.nan)
    return np.asarray(np.divide(covariance, product, out=unknown, where=product > 0))


def mean_correlation(correlations: Matrix) -> float | None:
    """Mean over every two different judges whose correlation is defined; None: there are no such two."""
    of_two_judges = correlations[np.triu_indices(len(correlations), k=1)]
    defined = of_two_judges[~np.isnan(of_two_judges)]
    return float(defined.mean()) if len(defined) else None


def effective_votes(n_judges: int, correlation: float) -> float | None:
    """n / (1 + (n - 1) rho): the independent votes whose mean would vary as much (Kish 1965, "Survey Sampling", 5.4).

    Kish divides the number of votes by the design effect 1 + (n - 1) rho. A cluster is here the judges' votes on one pair.

    Args:
        n_judges: n, at least one.
        correlation: rho, the mean correlation of the errors of two judges, -1 to 1.

    Returns:
        None where the design effect is not positive: the errors then cancel out, and no number of independent votes does that.

    >>> effective_votes(3, 0.0), effective_votes(3, 0.5), effective_votes(3, 1.0)
    (3.0, 1.5, 1.0)
    """
    design_effect = 1 + (n_judges - 1) * correlation
    return n_judges / design_effect if design_effect > 0 else None
