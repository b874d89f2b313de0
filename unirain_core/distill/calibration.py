"""A judge's threshold out of the real-rain database: real rain is what it should accept, so no labels are needed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from unirain_core.artefacts.schemas import Vote
from unirain_core.distill.judging import counted


def threshold(p_yes: Sequence[float], accept_share: float) -> float:
    """The highest threshold at which a judge accepts at least a share of the real photos.

    The paper takes a model's yes or no. A stand-in's p_yes shifts with the photographs under the rain; a threshold that
    follows the database shifts with it (README, "what the sample shows", has the figures).

    Args:
        p_yes: the judge's answers on the photos of D_r, each judged against references among the others; at least one.
        accept_share: in (0, 1].

    >>> threshold([0.2, 0.9, 0.4], 0.6)
    0.4
    """
    return sorted(p_yes, reverse=True)[math.ceil(accept_share * len(p_yes)) - 1]


def decided(votes: Sequence[Vote], thresholds: Mapping[str, float]) -> list[Vote]:
    """The votes as other thresholds decide them, one of each judge."""
    return [
        replace(vote, vote=counted(vote.p_yes, vote.mass, at), threshold=at)
        for vote in votes
        for at in [thresholds[vote.judge]]
    ]
