"""Levels follow from verdicts; an abstention that decided is a reason."""

import pytest

from unirain_core.artefacts.schemas import Verdict
from unirain_core.distill.pyramid import level_of


def verdict(yes, no, abstained, *, accepted):
    return Verdict(
        pair_id="p", yes=yes, no=no, abstained=abstained, verdict=accepted, calls=yes + no + abstained
    )


@pytest.mark.parametrize(
    ("ruling", "level"),
    [
        (verdict(3, 0, 0, accepted=True), ("distilled", "accepted")),
        (verdict(2, 0, 1, accepted=True), ("distilled", "accepted")),
        (verdict(1, 2, 0, accepted=False), ("low_fidelity", "rejected")),
        (verdict(0, 2, 1, accepted=False), ("low_fidelity", "rejected")),
        (verdict(1, 1, 1, accepted=False), ("low_fidelity", "decided_by_abstention")),
        (verdict(0, 0, 3, accepted=False), ("low_fidelity", "decided_by_abstention")),
    ],
)
def test_a_verdict_gives_level_and_reason(ruling, level):
    assert level == level_of(ruling)
