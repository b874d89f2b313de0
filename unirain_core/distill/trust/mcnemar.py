"""Whether one of two judges is right more often than the other, on the same pairs."""

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
    return min(1.0, 2 * tail / 2**n)  # whole numbers: an n of thousands loses nothing
