"""Counts of votes and verdicts: how much each judge accepts, how far the judges agree, what is kept."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from unirain_core.artefacts.schemas import Vote
from unirain_core.distill.voting import is_decided_by_abstention, is_reliable

Votes = Mapping[str, Sequence[bool | None]]
"""Pair to the votes of all judges, in the order of the judges."""
Line = dict[str, str | int | float]


def by_group(votes: Votes, groups: Mapping[str, Sequence[str]]) -> list[Line]:
    """Kept and rejected pairs of every group, and the rejections that abstentions decided.

    Args:
        votes: of every pair.
        groups: name to the pair_ids of its pairs; a group may be empty.
    """
    lines: list[Line] = []
    for name, ids in groups.items():
        kept = sum(is_reliable(votes[i]) for i in ids)
        lines.append(
            {
                "name": name,
                "pairs": len(ids),
                "kept": kept,
                "rejected": len(ids) - kept,
                "decided_by_abstention": sum(is_decided_by_abstention(votes[i]) for i in ids),
                "kept_share": kept / max(len(ids), 1),
            }
        )
    return lines


def by_judge(votes: Sequence[Vote], judges: Sequence[str]) -> list[Line]:
    """What every judge said, and the share that it accepts."""
    lines: list[Line] = []
    for judge in judges:
        own = [vote.vote for vote in votes if vote.judge == judge]
        yes, no = own.count(True), own.count(False)
        line: Line = {"judge": judge, "yes": yes, "no": no, "abstained": own.count(None)}
        lines.append({**line, "acceptance": yes / max(len(own), 1)})
    return lines


def agreement(votes: Votes, judges: Sequence[str]) -> list[Line]:
    """Share of the pairs on which every two and more of the judges said the same.

    >>> agreement({"a": [True, True], "b": [True, None]}, ["x", "y"])
    [{'judges': 'x, y', 'agreement': 0.5}]
    """
    groups = [group for size in range(2, len(judges) + 1) for group in combinations(range(len(judges)), size)]
    return [
        {
            "judges": ", ".join(judges[j] for j in group),
            "agreement": sum(len({v[j] for j in group}) == 1 for v in votes.values()) / max(len(votes), 1),
        }
        for group in groups
    ]
