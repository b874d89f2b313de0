"""Votes that depend on the order of the references; they can be turned into abstentions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from unirain_core.distill.ballots import Ballot
from unirain_core.distill.judging import with_votes

UNSTABLE = "unstable"
"""How the reason of such an abstention begins."""

_WORDS = {True: "yes", False: "no", None: "no answer"}


def turned(asked: Iterable[Sequence[Ballot]]) -> Iterator[list[Ballot]]:
    """The same questions with the references in reverse order."""
    for batch in asked:
        yield [replace(ballot, references=ballot.references[::-1]) for ballot in batch]


def with_abstentions(answers: pl.DataFrame, of_turned: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """One judge's answers, with an abstention in place of each vote that flips.

    A vote also flips where the turned question got no answer.

    Args:
        answers: columns of Answer.
        of_turned: the answers to the same questions with the references in reverse order.
        threshold: of the judge.
    """
    thresholds = dict.fromkeys(answers["judge"].unique(), threshold)
    votes, others = (with_votes(rows, thresholds)["vote"] for rows in (answers, of_turned))
    reasons: list[str] = []
    flips: list[bool] = []
    for vote, other, reason in zip(votes, others, answers["reason"], strict=True):
        is_flip = vote is not None and vote != other
        flips.append(is_flip)
        reasons.append(_reason(vote, other) if is_flip else reason)
    is_flip_column = pl.Series("is_flip", flips, dtype=pl.Boolean)
    # no mass: it stays an abstention, like a question that could not be asked
    mass = answers["mass"].zip_with(~is_flip_column, pl.Series("mass", [0.0] * len(flips), dtype=pl.Float64))
    return answers.with_columns(mass.alias("mass"), pl.Series("reason", reasons, dtype=pl.String))


def _reason(vote: bool | None, other: bool | None) -> str:
    return (
        f"{UNSTABLE}: {_WORDS[vote]} with the references in their order, {_WORDS[other]} in the reverse order"
    )


def n_unstable(answers: pl.DataFrame) -> int:
    """How many of the answers are abstentions because their vote flipped.

    >>> n_unstable(pl.DataFrame({"reason": ["unstable: yes with ...", "too dark"]}))
    1
    """
    return int(answers["reason"].str.starts_with(f"{UNSTABLE}: ").sum())
