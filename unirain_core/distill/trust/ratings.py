"""What the judges and their majority said of the labelled pairs, as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unirain_core.distill import voting
from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.trust.truth import Truth
from unirain_core.distill.voting import Flags
from unirain_core.engine.store import digest

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rater:
    """A judge, or the majority; one entry for each pair."""

    name: str
    accepts: Flags
    """Whether it says yes; an abstention does not."""
    answers: Flags
    """Whether it says yes or no."""
    p_yes: Floats
    """NaN where it abstained."""
    margin: Floats
    """How far p_yes lies above the threshold; NaN where it abstained."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """Judges against the truth on the pairs about which all of them were asked.

    The pairs stand in the order of a seeded hash, so that the first half of them is a fair draw.
    """

    ids: Sequence[str]
    rain_types: NDArray[np.str_]
    is_good: Flags
    kinds: NDArray[np.str_]
    """Of the faults; empty: the pair is good."""
    raters: Sequence[Rater]
    """The judges in their order, then the majority."""

    @property
    def judges(self) -> Sequence[Rater]:
        """All raters but the majority."""
        return self.raters[:-1]

    @property
    def majority(self) -> Rater:
        """What the judges say together."""
        return self.raters[-1]

    def is_wrong(self, rater: Rater) -> Flags:
        """Where a rater accepts a faulty pair, or does not accept a good one."""
        wrong: Flags = rater.accepts != self.is_good
        return wrong

    @classmethod
    def of(
        cls,
        votes: pl.DataFrame,
        rain_types: Mapping[str, str],
        truth: Mapping[str, Truth],
        *,
        judges: Sequence[str],
        seed: int,
    ) -> Self:
        """Put the votes beside the truth.

        Args:
            votes: columns pair_id, judge, vote, p_yes, threshold; every judge's vote on every pair.
            rain_types: of the pairs.
            truth: of the pairs; one without is left out.
            judges: in their order.
            seed: of the order of the pairs.
        """
        voted = set(votes["pair_id"]) & truth.keys()
        ids = sorted(voted, key=lambda name: digest(seed, name))
        return cls(
            ids=ids,
            rain_types=np.array([rain_types[name] for name in ids], dtype=np.str_),
            is_good=np.array([truth[name].is_good for name in ids], dtype=np.bool_),
            kinds=np.array([truth[name].kind for name in ids], dtype=np.str_),
            raters=raters(votes, ids, judges),
        )


def raters(votes: pl.DataFrame, ids: Sequence[str], judges: Sequence[str]) -> list[Rater]:
    """The judges in their order, then the majority, on some pairs.

    Args:
        votes: as `Ratings.of`.
        ids: of pairs with every judge's vote.
        judges: in their order.
    """
    rows = pl.DataFrame({"pair_id": ids}, schema={"pair_id": pl.String})
    single: list[Rater] = []
    for judge in judges:
        own = votes.filter(pl.col("judge") == judge)
        single.append(_judge(judge, rows.join(own, on="pair_id", how="left", maintain_order="left")))
    return [*single, majority(single)]


def _judge(name: str, rows: pl.DataFrame) -> Rater:
    answers = rows["vote"].is_not_null().to_numpy()
    p_yes = np.where(answers, rows["p_yes"].cast(pl.Float64).to_numpy(), np.nan)
    return Rater(
        name=name,
        accepts=rows["vote"].fill_null(False).to_numpy(),
        answers=answers,
        p_yes=p_yes,
        margin=p_yes - rows["threshold"].cast(pl.Float64).to_numpy(),
    )


def majority(judges: Sequence[Rater]) -> Rater:
    """The verdict of Eq. 5, with the median of the judges' numbers: where all answer, it accepts as the middle judge does."""
    accepts = np.stack([judge.accepts for judge in judges], axis=1)
    answers: Flags = np.logical_or.reduce([judge.answers for judge in judges])
    return Rater(
        name=MAJORITY,
        accepts=voting.is_reliable(accepts.sum(axis=1), len(judges)),
        answers=answers,
        p_yes=_median([judge.p_yes for judge in judges]),
        margin=_median([judge.margin for judge in judges]),
    )


def _median(columns: Sequence[Floats]) -> Floats:
    """Of the judges that did not abstain; NaN where all did."""
    ordered = np.sort(np.stack(columns, axis=1), axis=1)  # NaN stands last
    n_answers = (~np.isnan(ordered)).sum(axis=1)
    rows = np.arange(len(ordered))
    # without any answer these are the last and the first column, both NaN
    low, high = ordered[rows, (n_answers - 1) // 2], ordered[rows, n_answers // 2]
    return np.asarray((low + high) / 2)
