"""The same questions with other references: in every order, or of another rain type."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, permutations

from unirain_core.distill.ballots import Ballot
from unirain_core.engine.store import digest

MOST_ORDERS = 24
"""Four references have so many orders. Five have 120, which would cost more than all other checks together."""


def orders(asked: Sequence[Ballot]) -> dict[str, list[Ballot]]:
    """The questions in every other order of the references, at most MOST_ORDERS - 1 of them.

    Args:
        asked: with equally many references each.

    Returns:
        By the order, such as `2 1 3`; empty where there is one reference.
    """
    n_references = min((len(ballot.references) for ballot in asked), default=0)
    others: dict[str, list[Ballot]] = {}
    # the first permutation is the order of the question itself
    for order in islice(permutations(range(n_references)), 1, MOST_ORDERS):
        name = " ".join(str(place + 1) for place in order)
        others[name] = [
            replace(ballot, references=tuple(ballot.references[place] for place in order)) for ballot in asked
        ]
    return others


def of_another_type(asked: Sequence[Ballot], rain_types: Mapping[str, str], seed: int) -> list[Ballot]:
    """The questions with the references of a query of another rain type, drawn by a hash.

    Args:
        asked: the questions.
        rain_types: of their queries.
        seed: of the draw.

    Returns:
        Empty where all queries are of one type.
    """
    others: list[Ballot] = []
    for ballot in asked:
        foreign = [one for one in asked if rain_types[one.id] != rain_types[ballot.id]]
        if foreign:
            donor = min(foreign, key=lambda one: digest(seed, ballot.id, one.id))
            others.append(replace(ballot, references=donor.references))
    return others
