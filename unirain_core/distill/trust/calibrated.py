"""How far each rater's p_yes can be taken at its word, before and after Platt scaling, on labels that the scaling did not see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unirain_core.distill.trust import platt
from unirain_core.distill.trust.platt import Platt
from unirain_core.distill.trust.ratings import Rater, Ratings
from unirain_core.distill.trust.reliability import Bin, bins, expected_calibration_error
from unirain_core.distill.voting import Flags


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
    first = rater.answers & ~is_held_out(ratings)
    scaling = platt.fit(rater.p_yes[first], ratings.is_good[first])
    before, after = bins_of(ratings, rater, scaling, is_held_out(ratings), n_bins)
    held_out = sum(one.pairs for one in before)
    return Calibrated(
        rater=rater.name,
        fitted_on=int(first.sum()),
        held_out=held_out,
        scaling=scaling,
        before=before,
        after=after,
    )


def is_held_out(ratings: Ratings) -> Flags:
    """Which pairs the scaling does not see: the second half."""
    n_pairs = len(ratings.ids)
    held_out: Flags = np.arange(n_pairs) >= n_pairs // 2
    return held_out


def bins_of(
    ratings: Ratings, rater: Rater, scaling: Platt, is_inside: Flags, n_bins: int
) -> tuple[list[Bin], list[Bin]]:
    """A rater's bins before and after the scaling, on the held-out pairs of some group."""
    is_told = rater.answers & is_held_out(ratings) & is_inside
    p_yes, is_good = rater.p_yes[is_told], ratings.is_good[is_told]
    return bins(p_yes, is_good, n_bins), bins(scaling(p_yes), is_good, n_bins)
