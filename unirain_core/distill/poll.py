"""About which pairs each judge is asked: with early stop, only where its answer can still change something."""

import hashlib
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from unirain_core.distill.voting import UNASKED, Flags, Votes, is_settled


class Poll:
    """The votes so far: `votes` is (pairs, judges), and the caller fills in each judge's column."""

    def __init__(self, n_judges: int, is_asked_of_all: Flags, *, early_stop: bool) -> None:
        """Nobody was asked yet.

        Args:
            n_judges: all that can be asked.
            is_asked_of_all: pairs about which every judge is asked in any case.
            early_stop: whether no further judge is asked about a pair that is settled.
        """
        self.votes: Votes = np.full((len(is_asked_of_all), n_judges), UNASKED, dtype=np.int8)
        self._is_asked_of_all, self._early_stop = is_asked_of_all, early_stop

    def is_open(self) -> Flags:
        """The pairs about which the next judge is asked."""
        if not self._early_stop:
            return np.ones(len(self.votes), dtype=np.bool_)
        return ~is_settled(self.votes) | self._is_asked_of_all


def drawn_for_all(ids: Iterable[str], share: float) -> Flags:
    """Draw pairs by a hash of their ids, so that a pair stays drawn when other pairs are added or removed.

    Args:
        ids: of the pairs.
        share: of all pairs, 0 to 1; about so many are drawn.

    Returns:
        (n,) whether each pair is drawn.

    >>> drawn_for_all(["a/1", "a/2"], 1.0).tolist()
    [True, True]
    """
    limit = int(share * 2**64)
    drawn = []
    for name in ids:
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        drawn.append(number < limit)
    return np.array(drawn, dtype=np.bool_)


def asked_of_all(ids: Sequence[str], share: float, labelled: Collection[str]) -> Flags:
    """Whether every judge is asked about each pair: about a share of all, and about those that people have labelled.

    >>> asked_of_all(["a/1", "a/2"], 0.0, {"a/2"}).tolist()
    [False, True]
    """
    is_labelled = np.array([name in labelled for name in ids], dtype=np.bool_)
    both: Flags = drawn_for_all(ids, share) | is_labelled
    return both
