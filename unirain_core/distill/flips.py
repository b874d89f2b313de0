"""Votes that depend on the order of the references; they can be turned into abstentions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from unirain_core.distill.ballots import Ballot, is_failure
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

    A vote also flips where the judge abstained on the turned question. Where that question could not be asked, nobody knows
    whether the vote flips: then the answer is an abstention for the reason of that failure.

    Args:
        answers: columns of Answer.
        of_turned: the answers to the same questions with the references in reverse order.
        threshold: of the judge.
    """
    thresholds = dict.fromkeys(answers["judge"].unique(), threshold)
    votes, others = (with_votes(rows, thresholds)["vote"] for rows in (answers, of_turned))
    reasons: list[str] = []
    abstentions: list[bool] = []
    for vote, other, own_reason, other_reason in zip(
        votes, others, answers["reason"], of_turned["reason"], strict=True
    ):
        is_abstention = vote is not None and vote != other
        abstentions.append(is_abstention)
        reasons.append(_reason(vote, other, other_reason) if is_abstention else own_reason)
    is_replaced = pl.Series("is_replaced", abstentions, dtype=pl.Boolean)
    # no mass: it stays an abstention, like a question that could not be asked
    mass = answers["mass"].zip_with(~is_replaced, pl.Series("mass", [0.0] * len(reasons), dtype=pl.Float64))
    return answers.with_columns(mass.alias("mass"), pl.Series("reason", reasons, dtype=pl.String))


def _reason(vote: bool | None, other: bool | None, other_reason: str) -> str:
    if is_failure(other_reason):
        name, _, detail = other_reason.partition(": ")
        return f"{name}: with the references in the reverse order: {detail}"
    return (
        f"{UNSTABLE}: {_WORDS[vote]} with the references in their order, {_WORDS[other]} in the reverse order"
    )


def n_unstable(answers: pl.DataFrame) -> int:
    """How many of the answers are abstentions because their vote flipped.

    >>> n_unstable(pl.DataFrame({"reason": ["unstable: yes with ...", "too dark"]}))
    1
    """
    return int(answers["reason"].str.starts_with(f"{UNSTABLE}: ").sum())
