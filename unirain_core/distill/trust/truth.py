"""Which pairs are good, and what is wrong with the others: what is planted, else what most people say."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from unirain_core.distill.labels import Label

PLANTED = "planted"
"""The person who stands for the ledger of a sample corpus: it knows which rain it planted."""
UNNAMED = "unnamed"
"""The kind of a fault for which nobody has a word."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of one pair."""

    is_good: bool
    kind: str
    """Of its fault; empty: it is good."""


@dataclass(frozen=True, slots=True)
class Truths:
    """What is known of all pairs that have labels."""

    of_pair: Mapping[str, Truth]
    disputed: frozenset[str]
    """Pairs on which as many people say yes as no, or about which all are unsure."""


def truths(labels: Iterable[Label]) -> Truths:
    """The truth of every labelled pair.

    Args:
        labels: of all people, one for each person and pair; those of PLANTED outweigh everybody.
    """
    of_pair: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        of_pair[label.pair_id].append(label)
    known: dict[str, Truth] = {}
    for pair_id, said in of_pair.items():
        planted = [label for label in said if label.person == PLANTED]
        truth = _truth(planted or said)
        if truth is not None:
            known[pair_id] = truth
    return Truths(known, frozenset(of_pair) - frozenset(known))


def _truth(labels: Iterable[Label]) -> Truth | None:
    """What most people say; None: they are equally many."""
    counts = Counter(label.reliable for label in labels)
    if counts[True] == counts[False]:
        return None
    if counts[True] > counts[False]:
        return Truth(True, "")
    kinds = Counter(label.fault or UNNAMED for label in labels if label.reliable is False)
    return Truth(False, min(kinds, key=lambda kind: (-kinds[kind], kind)))
