"""How a judge's answers count."""

from collections.abc import Mapping

import polars as pl

MIN_MASS = 0.5
"""Below it the judge is not answering yes or no: an abstention."""

HALF = 0.5
"""The threshold of a judge that is taken at its word."""


def with_votes(answers: pl.DataFrame, thresholds: Mapping[str, float]) -> pl.DataFrame:
    """Eq. (4). The votes R of the judges: yes from the judge's threshold on.

    The paper leaves an unparseable answer open; here a judge whose mass on yes and no is below MIN_MASS abstains.

    Args:
        answers: columns `judge`, `p_yes` and `mass`, and maybe others.
        thresholds: of each judge; HALF for one that is taken at its word.

    Returns:
        The columns with `threshold` and `vote`; null: the judge abstained.

    >>> answers = pl.DataFrame({"judge": ["a", "a"], "p_yes": [0.4, 0.6], "mass": [1.0, 0.1]})
    >>> with_votes(answers, {"a": 0.4})["vote"].to_list()
    [True, None]
    """
    threshold = pl.col("judge").replace_strict(dict(thresholds), return_dtype=pl.Float64)
    vote = pl.when(pl.col("mass") >= MIN_MASS).then(pl.col("p_yes") >= pl.col("threshold"))
    return answers.with_columns(threshold.alias("threshold")).with_columns(vote.alias("vote"))
