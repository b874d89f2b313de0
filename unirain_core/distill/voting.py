"""The verdict of the judges together."""

from collections.abc import Sequence

from unirain_core.artefacts.schemas import Verdict


def is_reliable(votes: Sequence[bool | None]) -> bool:
    """Eq. (5). Whether a strict majority of all judges said yes; an abstention counts 0.

    Args:
        votes: R of every judge; None: abstained.

    Raises:
        ValueError: there are no votes.

    >>> is_reliable([True, True, None]), is_reliable([True, False, None])
    (True, False)
    """
    if not votes:
        raise ValueError("a verdict needs at least one vote (found 0)")
    return 2 * sum(vote is True for vote in votes) > len(votes)


def is_decided_by_abstention(votes: Sequence[bool | None]) -> bool:
    """Whether the abstaining judges could have turned a rejection: it says more of the judges than of the pair.

    >>> is_decided_by_abstention([True, None, False]), is_decided_by_abstention([False, False, None])
    (True, False)
    """
    return not is_reliable(votes) and is_reliable([vote is not False for vote in votes])


def calls_until_certain(votes: Sequence[bool | None]) -> int:
    """How many judges, asked in this order, settle the verdict whatever the others would say.

    >>> calls_until_certain([True, True, False]), calls_until_certain([True, False, False])
    (2, 3)
    """
    for asked in range(len(votes)):
        unknown = len(votes) - asked
        known = list(votes[:asked])
        if is_reliable([*known, *[True] * unknown]) == is_reliable([*known, *[False] * unknown]):
            return asked
    return len(votes)


def verdict(pair_id: str, votes: Sequence[bool | None]) -> Verdict:
    """The row of verdicts of a pair's votes, in the order of the judges."""
    return Verdict(
        pair_id=pair_id,
        yes=sum(vote is True for vote in votes),
        no=sum(vote is False for vote in votes),
        abstained=sum(vote is None for vote in votes),
        verdict=is_reliable(votes),
        calls=calls_until_certain(votes),
    )
