"""How far two people, or two judges, agree beyond chance."""

from collections import Counter
from collections.abc import Sequence


def cohen_kappa(first: Sequence[object], second: Sequence[object]) -> float | None:
    """Cohen's kappa of two raters (Cohen 1960): 1 for full agreement, 0 for as much as chance would give.

    Args:
        first: one rater's answers.
        second: the other's about the same things, in the same order.

    Returns:
        None where kappa is not defined: both raters always gave one and the same answer, or there are no answers.

    >>> cohen_kappa([1, 1, 0, 0], [1, 0, 0, 0])
    0.5
    """
    n_both = len(first)
    agreed = sum(one == other for one, other in zip(first, second, strict=True))
    of_first, of_second = Counter(first), Counter(second)
    by_chance = sum(count * of_second[answer] for answer, count in of_first.items())
    # whole numbers, so that a chance of 1 is recognised exactly
    if by_chance == n_both**2:
        return None
    return (n_both * agreed - by_chance) / (n_both**2 - by_chance)
