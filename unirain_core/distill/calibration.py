"""A judge's threshold out of the real-rain database: real rain is what it should accept, so no labels are needed."""

import math
from collections.abc import Mapping

import polars as pl

from unirain_core.distill.judging import MIN_MASS


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
    return float(p_yes.sort(descending=True)[math.ceil(accept_share * len(p_yes)) - 1])


def decided(votes: pl.DataFrame, thresholds: Mapping[str, float]) -> pl.DataFrame:
    """The votes as thresholds decide them: yes from the judge's threshold on; a judge without mass abstains.

    Args:
        votes: columns of `Vote`, of which `vote` and `threshold` are made anew.
        thresholds: of each judge.
    """
    threshold_of = pl.col("judge").replace_strict(thresholds, return_dtype=pl.Float64)
    vote = pl.when(pl.col("mass") >= MIN_MASS).then(pl.col("p_yes") >= pl.col("threshold"))
    return votes.with_columns(threshold_of.alias("threshold")).with_columns(vote.alias("vote"))
