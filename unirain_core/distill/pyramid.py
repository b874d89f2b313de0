"""The pyramid: real photos on top, distilled pairs in the middle, pairs of low fidelity at the bottom."""

from collections.abc import Mapping, Sequence

from unirain_core.artefacts.schemas import Pair, PyramidRow, RealPhoto, Verdict
from unirain_core.distill.split import Split
from unirain_core.distill.voting import is_decided_by_abstention

REAL, DISTILLED, LOW_FIDELITY = "real", "distilled", "low_fidelity"
LEVELS = (REAL, DISTILLED, LOW_FIDELITY)
"""Top to bottom."""


def level_of(verdict: Verdict) -> tuple[str, str]:
    """Level of a judged pair, and why it stands there.

    Returns:
        (level, reason): an abstention that decided is a reason, not a level of its own.
    """
    if verdict.verdict:
        return DISTILLED, "accepted"
    votes = [True] * verdict.yes + [False] * verdict.no + [None] * verdict.abstained
    return LOW_FIDELITY, "decided_by_abstention" if is_decided_by_abstention(votes) else "rejected"


def pyramid(
    pairs: Sequence[Pair], photos: Sequence[RealPhoto], verdicts: Mapping[str, Verdict], split: Split
) -> list[PyramidRow]:
    """One row per pair and photo, by id.

    Args:
        pairs: all verified pairs.
        photos: the real-rain database; never trained on.
        verdicts: of every pair, by pair_id.
        split: which set each pair went to.
    """
    sets = {**split.named(), "held_out": split.held_out, "thinned": split.thinned}
    home = {pair.pair_id: name for name, members in sets.items() for pair in members}
    rows = [PyramidRow(pair_id=p.photo_id, level=REAL, reason="real_photo", split="none") for p in photos]
    for pair in pairs:
        level, reason = level_of(verdicts[pair.pair_id])
        split_name = home.get(pair.pair_id, "none")
        rows.append(PyramidRow(pair_id=pair.pair_id, level=level, reason=reason, split=split_name))
    return sorted(rows, key=lambda row: row.pair_id)
