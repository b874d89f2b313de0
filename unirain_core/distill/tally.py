"""Counts of votes and verdicts: how much each judge accepts, how far the judges agree, what is kept."""

from collections.abc import Sequence
from itertools import combinations

import polars as pl

from unirain_core.distill.voting import (
    ABSTAINED,
    NO,
    YES,
    Votes,
    is_decided_by_abstention,
    is_reliable,
)

Line = dict[str, str | int | float]


def by_group(votes: Votes, groups: pl.Series) -> list[Line]:
    """Kept and rejected pairs of every group, and the rejections that abstentions decided; sorted by name.

    Args:
        votes: of every pair.
        groups: name of each pair's group.
    """
    n_judges = votes.shape[1]
    yes, abstained = (votes == YES).sum(axis=1), (votes == ABSTAINED).sum(axis=1)
    pairs = pl.DataFrame(
        {
            "name": groups,
            "kept": is_reliable(yes, n_judges),
            "undecided": is_decided_by_abstention(yes, abstained, n_judges),
        }
    )
    counts = pairs.group_by("name").agg(pl.len().alias("pairs"), pl.col("kept", "undecided").sum())
    lines: list[Line] = []
    for name, n_pairs, kept, undecided in sorted(counts.iter_rows()):
        lines.append(
            {
                "name": name,
                "pairs": n_pairs,
                "kept": kept,
                "rejected": n_pairs - kept,
                "decided_by_abstention": undecided,
                "kept_share": kept / n_pairs,
            }
        )
    return lines


def by_judge(votes: Votes, judges: Sequence[str]) -> list[Line]:
    """What every judge said, and the share that it accepts."""
    lines: list[Line] = []
    for judge, own in zip(judges, votes.T, strict=True):
        yes, no, abstained = (int((own == said).sum()) for said in (YES, NO, ABSTAINED))
        n_asked = yes + no + abstained
        line: Line = {"judge": judge, "yes": yes, "no": no, "abstained": abstained, "asked": n_asked}
        lines.append({**line, "acceptance": yes / max(n_asked, 1)})
    return lines


def agreement(votes: Votes, judges: Sequence[str]) -> list[Line]:
    """Share of the pairs on which every two and more of the judges said the same.

    Args:
        votes: on pairs about which every judge was asked, whatever the others said: where the last judge was asked because the
            others disagreed, agreement would look smaller than it is.
        judges: in the order of the columns.

    >>> import numpy as np
    >>> agreement(np.array([[YES, YES], [YES, ABSTAINED]]), ["x", "y"])
    [{'judges': 'x, y', 'agreement': 0.5}]
    """
    lines: list[Line] = []
    for size in range(2, len(judges) + 1):
        for group in combinations(range(len(judges)), size):
            said = votes[:, group]
            n_equal = int((said == said[:, :1]).all(axis=1).sum())
            names = ", ".join(judges[judge] for judge in group)
            lines.append({"judges": names, "agreement": n_equal / max(len(votes), 1)})
    return lines
