"""The pyramid: real photos on top, distilled pairs in the middle, pairs of low fidelity at the bottom."""

import polars as pl

from unirain_core.distill.voting import is_decided_by_abstention

REAL, DISTILLED, LOW_FIDELITY = "real", "distilled", "low_fidelity"
LEVELS = (REAL, DISTILLED, LOW_FIDELITY)
"""Top to bottom."""


def with_levels(pairs: pl.DataFrame) -> pl.DataFrame:
    """Judged pairs with `level`, and with `reason`, why they stand there.

    An abstention that decided is a reason, not a level of its own.

    Args:
        pairs: with columns `accepted`, `yes`, `no` and `abstained`.
    """
    yes, no, abstained = (pairs[name].to_numpy() for name in ("yes", "no", "abstained"))
    is_undecided = pl.Series(is_decided_by_abstention(yes, abstained, yes + no + abstained), dtype=pl.Boolean)
    reason = (
        pl.when("accepted")
        .then(pl.lit("accepted"))
        .when(is_undecided)
        .then(pl.lit("decided_by_abstention"))
        .otherwise(pl.lit("rejected"))
    )
    level = pl.when("accepted").then(pl.lit(DISTILLED)).otherwise(pl.lit(LOW_FIDELITY))
    return pairs.with_columns(level.alias("level"), reason.alias("reason"))
