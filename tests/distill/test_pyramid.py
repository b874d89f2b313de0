"""Levels follow from verdicts; an abstention that decided is a reason."""

import polars as pl
import pytest

from unirain_core.distill.pyramid import with_levels


def verdict(yes, no, abstained, *, accepted):
    return pl.DataFrame({"yes": [yes], "no": [no], "abstained": [abstained], "accepted": [accepted]})


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
    assert [level] == with_levels(ruling).select("level", "reason").rows()
