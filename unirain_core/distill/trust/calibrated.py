"""Whether each rater's p_yes is the probability that it claims to be, before and after Platt scaling, on held-out labels."""

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
    """Pairs on which the scaling was fitted."""
    held_out: int
    """Pairs on which the bins and the errors are measured."""
    scaling: Platt
    before: Sequence[Bin]
    after: Sequence[Bin]

    @property
    def ece_before(self) -> float | None:
        """Expected calibration error of p_yes itself; None: no pair is held out."""
        return expected_calibration_error(self.before)

    @property
    def ece_after(self) -> float | None:
        """Expected calibration error of the scaled p_yes; None: no pair is held out."""
        return expected_calibration_error(self.after)


def calibrated(ratings: Ratings, n_bins: int) -> list[Calibrated]:
    """Fit each rater's scaling on the first half of the pairs, and measure it on the second; abstentions are left out."""
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
    """A rater's bins before and after the scaling, on the held-out pairs of a group where it answered.

    Args:
        ratings: of all pairs.
        rater: one of them.
        scaling: of the rater.
        is_inside: (n,) which pairs belong to the group.
        n_bins: at least one.
    """
    is_measured = rater.answers & is_held_out(ratings) & is_inside
    p_yes, is_good = rater.p_yes[is_measured], ratings.is_good[is_measured]
    return bins(p_yes, is_good, n_bins), bins(scaling(p_yes), is_good, n_bins)
