"""Whether one of two judges is right more often than the other, on the same pairs."""

from fractions import Fraction
from math import comb


def mcnemar(only_one: int, only_other: int) -> float:
    """Probability of so unequal counts or more, if both were equally good (McNemar 1947, exact and two-sided).

    Pairs on which both are right, or both wrong, say nothing; each of the others is a fair coin.

    Args:
        only_one: pairs on which only the one is right.
        only_other: pairs on which only the other is right.

    >>> mcnemar(1, 5)
    0.21875
    """
    n = only_one + only_other
    tail = sum(comb(n, k) for k in range(min(only_one, only_other) + 1))
    # whole numbers until here, so that thousands of pairs lose no digit
    return min(1.0, float(Fraction(2 * tail, 1 << n)))
