"""How far each rater's p_yes can be taken at its word, before and after Platt scaling, on labels that the scaling did not see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unirain_core.distill.trust import platt
from unirain_core.distill.trust.platt import Platt
from unirain_core.distill.trust.ratings import Rater, Ratings
from unirain_core.distill.trust.reliability import Bin, bins, expected_calibration_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """One rater on the held-out half of the pairs."""

    rater: str
    fitted_on: int
    """Pairs."""
    held_out: int
    """Pairs."""
    scaling: Platt
    before: Sequence[Bin]
    after: Sequence[Bin]

    @property
    def ece_before(self) -> float | None:
        """Of p_yes as it is."""
        return expected_calibration_error(self.before)

    @property
    def ece_after(self) -> float | None:
        """Of the scaled p_yes."""
        return expected_calibration_error(self.after)


def calibrated(ratings: Ratings, n_bins: int) -> list[Calibrated]:
    """Every rater: scaled on the first half of the pairs, measured on the second; abstentions are left out."""
    return [_of_rater(ratings, rater, n_bins) for rater in ratings.raters]


def _of_rater(ratings: Ratings, rater: Rater, n_bins: int) -> Calibrated:
    is_first = np.arange(len(ratings.ids)) < len(ratings.ids) // 2
    first, second = rater.answers & is_first, rater.answers & ~is_first
    scaling = platt.fit(rater.p_yes[first], ratings.is_good[first])
    p_yes, is_good = rater.p_yes[second], ratings.is_good[second]
    return Calibrated(
        rater=rater.name,
        fitted_on=int(first.sum()),
        held_out=int(second.sum()),
        scaling=scaling,
        before=bins(p_yes, is_good, n_bins),
        after=bins(scaling(p_yes), is_good, n_bins),
    )
