"""Sentences for a person that follow from the figures; code writes them, so that they never claim more than the figures."""

from collections.abc import Sequence

from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.trust.calibrated import Calibrated
from unirain_core.distill.trust.together import Comparison, Independence

SURE = 0.05
"""The usual limit: from this p-value on, a difference may be chance."""


def conclusions(
    independence: Independence, comparison: Comparison, calibration: Sequence[Calibrated]
) -> list[str]:
    """At most three sentences: votes, majority, probabilities."""
    if not comparison.pairs:
        return []
    return [_votes(independence), _majority(comparison), *_probabilities(calibration)]


def _votes(independence: Independence) -> str:
    n = len(independence.correlations)
    if independence.effective is None or independence.mean is None:
        return f"How many independent votes the {n} judges are worth is not known: no two of them both err."
    return (
        f"The {n} judges are worth {independence.effective:.2f} independent votes, since their errors correlate by "
        f"{independence.mean:.2f} on average."
    )


def _majority(comparison: Comparison) -> str:
    points = 100 * abs(comparison.difference)
    sides = (
        f"(right on {comparison.right_majority} and {comparison.right_best} of {comparison.pairs} pairs, p = "
    )
    sides += f"{comparison.p_value:.2g} by McNemar's exact test)"
    if comparison.right_majority == comparison.right_best:
        return f"The majority is right as often as its best judge, {comparison.best} {sides}."
    word = "better" if comparison.difference > 0 else "worse"
    sure = "" if comparison.p_value < SURE else ", which chance alone may explain"
    return f"The majority is {points:.1f} points {word} than its best judge, {comparison.best} {sides}{sure}."


def _probabilities(calibration: Sequence[Calibrated]) -> list[str]:
    """One sentence on the majority; none where there are no labels to measure it on."""
    for one in calibration:
        if one.rater == MAJORITY and one.ece_before is not None and one.ece_after is not None:
            return [
                f"The probabilities of the majority are off by {one.ece_before:.3f} on average, and by "
                f"{one.ece_after:.3f} after Platt scaling, on {one.held_out} pairs that the scaling did not see."
            ]
    return []
