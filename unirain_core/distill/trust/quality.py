"""How well each rater finds the faulty pairs: of all pairs, of each rain type, of each kind of fault."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unirain_core.distill.trust.auroc import auroc
from unirain_core.distill.trust.intervals import Share
from unirain_core.distill.trust.ratings import Rater, Ratings
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


def qualities(ratings: Ratings) -> list[Quality]:
    """Every rater on every group; a kind of fault is set against all good pairs."""
    lines: list[Quality] = []
    for by, group, is_inside in _groups(ratings):
        for rater in ratings.raters:
            lines.append(_quality(ratings, rater, by=by, group=group, is_inside=is_inside))
    return lines


def _groups(ratings: Ratings) -> Iterator[tuple[str, str, Flags]]:
    yield ALL, ALL, np.ones(len(ratings.ids), dtype=np.bool_)
    for rain_type in sorted(set(ratings.rain_types.tolist())):
        yield "rain type", rain_type, ratings.rain_types == rain_type
    for kind in sorted(set(ratings.kinds[~ratings.is_good].tolist())):
        yield "fault", kind, ratings.is_good | (ratings.kinds == kind)


def _quality(ratings: Ratings, rater: Rater, *, by: str, group: str, is_inside: Flags) -> Quality:
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
    )
