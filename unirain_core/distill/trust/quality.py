"""How well each rater finds the faulty pairs: among all pairs, in each rain type, and for each kind of fault."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from unirain_core.distill.trust.auroc import auroc
from unirain_core.distill.trust.calibrated import Calibrated, bins_of
from unirain_core.distill.trust.intervals import Share
from unirain_core.distill.trust.ratings import Rater, Ratings
from unirain_core.distill.trust.reliability import expected_calibration_error
from unirain_core.distill.voting import Flags

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """One rater on some of the pairs."""

    rater: str
    by: str
    """ALL, `rain type` or `fault`."""
    group: str
    """Name of the rain type or of the kind of fault; ALL: every pair."""
    pairs: int
    precision: Share
    """Faulty pairs among those that it rejects; an abstention rejects."""
    recall: Share
    """Rejected pairs among the faulty ones."""
    kept: Share
    """Accepted pairs among the good ones."""
    auroc: float | None
    """Of p_yes less the threshold, on the pairs where it answered."""
    ece_before: float | None
    """Of p_yes, on the held-out pairs of the group."""
    ece_after: float | None
    """Likewise, of the p_yes that Platt scaling on the other half of all pairs gives."""


def qualities(ratings: Ratings, calibration: Sequence[Calibrated], n_bins: int) -> list[Quality]:
    """Every rater on every group; a kind of fault is set against all good pairs.

    Args:
        ratings: of the pairs.
        calibration: of the raters, in their order.
        n_bins: of the calibration errors.
    """
    lines: list[Quality] = []
    for by, group, is_inside in _groups(ratings):
        for rater, scaled in zip(ratings.raters, calibration, strict=True):
            of_bins = bins_of(ratings, rater, scaled.scaling, is_inside, n_bins)
            errors = tuple(map(expected_calibration_error, of_bins))
            lines.append(_quality(ratings, rater, errors, by=by, group=group, is_inside=is_inside))
    return lines


def _groups(ratings: Ratings) -> Iterator[tuple[str, str, Flags]]:
    yield ALL, ALL, np.ones(len(ratings.ids), dtype=np.bool_)
    for rain_type in sorted(set(ratings.rain_types.tolist())):
        yield "rain type", rain_type, ratings.rain_types == rain_type
    for kind in sorted(set(ratings.kinds[~ratings.is_good].tolist())):
        yield "fault", kind, ratings.is_good | (ratings.kinds == kind)


def _quality(
    ratings: Ratings,
    rater: Rater,
    errors: tuple[float | None, ...],
    *,
    by: str,
    group: str,
    is_inside: Flags,
) -> Quality:
    good, accepts = ratings.is_good[is_inside], rater.accepts[is_inside]
    caught = int((~accepts & ~good).sum())
    answers = rater.answers[is_inside]
    return Quality(
        rater=rater.name,
        by=by,
        group=group,
        pairs=len(good),
        precision=Share(caught, int((~accepts).sum())),
        recall=Share(caught, int((~good).sum())),
        kept=Share(int((accepts & good).sum()), int(good.sum())),
        auroc=auroc(rater.margin[is_inside][answers], good[answers]),
        ece_before=errors[0],
        ece_after=errors[1],
    )
