"""The share of each dataset that every judge accepts, and that the majority accepts; this needs no label."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.trust.intervals import Share
from unirain_core.distill.voting import Flags


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One rater on one dataset."""

    dataset: str
    rater: str
    accepted: Share


def acceptances(
    votes: Iterable[pl.DataFrame], verdicts: Iterable[pl.DataFrame], is_drawn: Callable[[pl.Series], Flags]
) -> list[Acceptance]:
    """One value for each dataset and rater.

    They are sorted by dataset. Within a dataset the judges stand in the order in which they first voted, then the majority.

    Args:
        votes: pieces with the columns pair_id, judge and vote (null: the judge abstained).
        verdicts: pieces with the columns pair_id and verdict.
        is_drawn: tells of some pair_ids about which of them every judge was asked. Only these count for the judges, since
            about others a judge was asked only where the judges before it left the verdict open.
    """
    accepted: Counter[tuple[str, str]] = Counter()
    asked: Counter[tuple[str, str]] = Counter()
    of_judges = (piece.filter(is_drawn(piece["pair_id"])) for piece in votes)
    of_majority = (
        piece.rename({"verdict": "vote"}).with_columns(judge=pl.lit(MAJORITY)) for piece in verdicts
    )
    for pieces in (of_judges, of_majority):
        for piece in pieces:
            # the dataset begins a pair's id, and has no slash in its name
            dataset = pl.col("pair_id").str.split("/").list.first().alias("dataset")
            groups = piece.group_by(dataset, "judge", maintain_order=True)
            counts = groups.agg(pl.len(), pl.col("vote").fill_null(False).sum().alias("yes"))
            for name, judge, n_asked, n_yes in counts.iter_rows():
                asked[name, judge] += n_asked
                accepted[name, judge] += n_yes
    lines = [Acceptance(name, judge, Share(accepted[name, judge], n)) for (name, judge), n in asked.items()]
    return sorted(lines, key=lambda line: line.dataset)  # stable: the judges keep their order
