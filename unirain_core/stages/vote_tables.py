"""The tables of stage vlm_votes: the votes of all judges, and the verdicts that follow from them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Verdict, Vote
from unirain_core.distill import voting
from unirain_core.distill.ballots import Answer
from unirain_core.distill.judging import with_votes
from unirain_core.distill.voting import Flags

AT_ONCE = 1 << 14
"""Pairs whose votes are in memory at a time."""


class AnswerReader:
    """Reads the answers of a file in pieces of any size."""

    def __init__(self, file: Path) -> None:
        """Read from the beginning."""
        self._pieces = tables.batches(file, Answer)
        self._rest = pl.DataFrame(tables.arrow_schema(Answer).empty_table())

    def take(self, count: int) -> pl.DataFrame:
        """The next `count` answers.

        Raises:
            ValueError: there are fewer.
        """
        parts = [self._rest]
        while sum(map(len, parts)) < count:
            piece = next(self._pieces, None)
            if piece is None:
                raise ValueError(f"{count} answers are expected, and {sum(map(len, parts))} are left")
            parts.append(pl.DataFrame(piece))
        rows = pl.concat(parts)
        self._rest = rows[count:]
        return rows[:count]


def votes_on_pairs(
    files: Sequence[Path], asked: Sequence[Flags], thresholds: Mapping[str, float]
) -> Iterator[pl.DataFrame]:
    """The votes of all judges: those on one pair follow each other, in the order of the judges.

    Args:
        files: the answers of each judge, in the order of the pairs.
        asked: of each judge, about which pairs it was asked.
        thresholds: of each judge.

    Returns:
        Pieces with the columns of `Vote`, `pair` (position in the piece) and `number` (of the judge).
    """
    readers = [AnswerReader(file) for file in files]
    n_pairs = len(asked[0]) if asked else 0
    for start in range(0, n_pairs, AT_ONCE):
        own: list[pl.DataFrame] = []
        for number, (reader, is_asked) in enumerate(zip(readers, asked, strict=True)):
            pairs = np.flatnonzero(is_asked[start : start + AT_ONCE])
            answers = reader.take(len(pairs))
            places = pl.Series("pair", pairs), pl.Series("number", np.full(len(pairs), number))
            own.append(answers.with_columns(*places))
        yield with_votes(pl.concat(own).sort("pair", "number"), thresholds)


def numbers_of(piece: pl.DataFrame, n_pairs: int, n_judges: int) -> voting.Votes:
    """The votes of a piece as numbers."""
    votes: voting.Votes = np.full((n_pairs, n_judges), voting.UNASKED, dtype=np.int8)
    said = piece["vote"].cast(pl.Int8).fill_null(voting.ABSTAINED).to_numpy()
    votes[piece["pair"].to_numpy(), piece["number"].to_numpy()] = said
    return votes


def write_votes(
    out: Path, files: Sequence[Path], asked: Sequence[Flags], thresholds: Mapping[str, float]
) -> None:
    """Write the tables of votes and verdicts, piece by piece; a judge that was not asked has no row.

    Args:
        out: folder of the tables.
        files, asked, thresholds: as `votes_on_pairs`.
    """
    with (
        tables.writer(out / "votes.parquet", Vote) as votes,
        tables.writer(out / "verdicts.parquet", Verdict) as verdicts,
    ):
        for piece in votes_on_pairs(files, asked, thresholds):
            votes.columns(piece.drop("pair", "number"))
            first = piece.unique("pair", keep="first", maintain_order=True)["pair_id"]
            numbers = numbers_of(piece, len(first), len(files))
            verdicts.columns(voting.verdicts(numbers).with_columns(first))
