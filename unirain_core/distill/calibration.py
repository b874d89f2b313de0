"""A judge's threshold out of the real-rain database: real rain is what it should accept, so no labels are needed."""

import math
from fractions import Fraction

import polars as pl


def threshold(p_yes: pl.Series, accept_share: float) -> float:
    """The highest threshold at which a judge accepts at least a share of the real photos.

    The paper takes a model's yes or no. A stand-in's p_yes shifts with the photographs under the rain; a threshold that
    follows the database shifts with it (README, "what the sample shows", has the figures).

    Args:
        p_yes: the judge's answers on the photos of D_r, each judged against references among the others; at least one.
        accept_share: in (0, 1].

    >>> threshold(pl.Series([0.2, 0.9, 0.4]), 0.6)
    0.4
    """
    # as params writes the share: in floats 0.28 of 25 photos is more than 7, and an eighth would be demanded
    n_accepted = math.ceil(Fraction(str(accept_share)) * len(p_yes))
    return float(p_yes.sort(descending=True)[n_accepted - 1])
