"""The verdict of the judges together.

Votes are columns: a row for each pair, a column for each judge in the order in which they are asked.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

YES, NO, ABSTAINED, UNASKED = 1, 0, -1, -2

Votes = NDArray[np.int8]
"""(pairs, judges) of YES, NO, ABSTAINED and UNASKED."""
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


def is_reliable(yes: Counts, n_judges: Counts | int) -> Flags:
    """Eq. (5). Whether a strict majority of all judges said yes; an abstention counts 0.

    Args:
        yes: for each pair the sum of R over the judges.
        n_judges: all that were asked, of each pair or of all.

    Raises:
        ValueError: there are no judges.

    >>> is_reliable(np.array([2, 1]), 3).tolist()
    [True, False]
    """
    if np.any(np.less(n_judges, 1)):
        raise ValueError("a verdict needs at least one judge, found 0")
    reliable: Flags = 2 * yes > n_judges
    return reliable


def is_decided_by_abstention(yes: Counts, abstained: Counts, n_judges: Counts | int) -> Flags:
    """Whether the abstaining judges could have turned a rejection: it says more of the judges than of the pair.

    >>> is_decided_by_abstention(np.array([1, 0]), np.array([1, 1]), 3).tolist()
    [True, False]
    """
    return ~is_reliable(yes, n_judges) & is_reliable(yes + abstained, n_judges)


def is_settled(votes: Votes) -> Flags:
    """Whether the judges that were not asked can change nothing about a pair, whatever they would answer.

    They must change neither the verdict nor whether abstentions decided it. So nothing is lost if they are not asked.

    >>> is_settled(np.array([[YES, YES, UNASKED], [YES, NO, UNASKED], [NO, ABSTAINED, UNASKED]], dtype=np.int8)).tolist()
    [True, False, False]
    """
    n_judges = votes.shape[1]
    yes, abstained, unasked = ((votes == said).sum(axis=1) for said in (YES, ABSTAINED, UNASKED))
    is_sure = is_reliable(yes, n_judges) == is_reliable(yes + unasked, n_judges)
    would_be = yes + abstained
    is_sure_of_reason = is_reliable(would_be, n_judges) == is_reliable(would_be + unasked, n_judges)
    settled: Flags = is_sure & (is_reliable(yes, n_judges) | is_sure_of_reason)
    return settled


def calls_until_certain(votes: Votes) -> Counts:
    """How many judges, asked in this order, settle the verdict whatever the others would say.

    >>> calls_until_certain(np.array([[1, 1, 0], [1, 0, 0]], dtype=np.int8)).tolist()
    [2, 3]
    """
    n_judges = votes.shape[1]
    calls = np.full(len(votes), n_judges)
    for asked in range(n_judges - 1, -1, -1):
        yes = (votes[:, :asked] == YES).sum(axis=1)
        is_certain = is_reliable(yes, n_judges) == is_reliable(yes + (n_judges - asked), n_judges)
        calls[is_certain] = asked
    return calls


def verdicts(votes: Votes) -> pl.DataFrame:
    """The columns of `Verdict` but for the pairs' ids."""
    yes = (votes == YES).sum(axis=1)
    return pl.DataFrame(
        {
            "yes": yes,
            "no": (votes == NO).sum(axis=1),
            "abstained": (votes == ABSTAINED).sum(axis=1),
            "verdict": is_reliable(yes, votes.shape[1]),
            "calls": calls_until_certain(votes),
        }
    )
