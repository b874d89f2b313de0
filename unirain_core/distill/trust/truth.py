"""Which pairs are good, and the faults of the others: as a sample corpus planted them, else as most people say."""

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
    """Whether one pair is good, and its fault otherwise."""

    is_good: bool
    kind: str
    """Of its fault; empty: it is good."""


@dataclass(frozen=True, slots=True)
class Truths:
    """The truth of all pairs that have labels."""

    of_pair: Mapping[str, Truth]
    disputed: frozenset[str]
    """Pairs of which as many people say yes as no; among them those of which all are unsure."""


def truths(labels: Iterable[Label]) -> Truths:
    """The truth of every labelled pair.

    Args:
        labels: of all people, one for each person and pair; those of PLANTED outweigh everybody.
    """
    labels_of_pair: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        labels_of_pair[label.pair_id].append(label)
    of_pair: dict[str, Truth] = {}
    for pair_id, of_everybody in labels_of_pair.items():
        planted = [label for label in of_everybody if label.person == PLANTED]
        truth = _truth(planted or of_everybody)
        if truth is not None:
            of_pair[pair_id] = truth
    return Truths(of_pair, frozenset(labels_of_pair) - frozenset(of_pair))


def _truth(labels: Iterable[Label]) -> Truth | None:
    """What most people say; None: as many say yes as no."""
    counts = Counter(label.reliable for label in labels)
    if counts[True] == counts[False]:
        return None
    if counts[True] > counts[False]:
        return Truth(True, "")
    kinds = Counter(label.fault or UNNAMED for label in labels if label.reliable is False)
    # the most frequent word; of equally frequent ones the first by the alphabet, whatever the order of the labels
    return Truth(False, min(kinds, key=lambda kind: (-kinds[kind], kind)))
