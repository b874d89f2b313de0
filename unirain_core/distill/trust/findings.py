"""Everything that the page and the report of the judges' trustworthiness show, in one value."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unirain_core.distill.labels import Label
from unirain_core.distill.trust.acceptance import Acceptance
from unirain_core.distill.trust.calibrated import Calibrated, calibrated
from unirain_core.distill.trust.conclusions import conclusions
from unirain_core.distill.trust.coverage import Point, risk_at
from unirain_core.distill.trust.quality import Quality, qualities
from unirain_core.distill.trust.ratings import Rater, Ratings
from unirain_core.distill.trust.together import (
    Agreement,
    Comparison,
    Independence,
    agreements,
    independence_of,
    majority_against_best,
)

COVERAGES = tuple(tenth / 10 for tenth in range(1, 11))
"""Shares of the pairs for which the risk is computed."""


@dataclass(frozen=True, slots=True)
class Person:
    """The numbers of somebody's answers."""

    name: str
    yes: int
    no: int
    unsure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All figures; an empty set of labels gives empty ones."""

    judges: Sequence[str]
    people: Sequence[Person]
    pairs: int
    """Labelled pairs of known quality about which every judge was asked; all figures below but `agreements` and `acceptances` are
    of these."""
    good: int
    left_out: Mapping[str, int]
    """Why other labelled pairs are not among them."""
    qualities: Sequence[Quality]
    calibration: Sequence[Calibrated]
    independence: Independence
    comparison: Comparison
    risks: Mapping[str, Sequence[Point]]
    """By rater."""
    agreements: Sequence[Agreement]
    acceptances: Sequence[Acceptance]
    conclusions: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """The labelled pairs about which every judge was asked, those that people dispute included."""

    ids: Sequence[str]
    raters: Sequence[Rater]
    labels: Sequence[Label]
    """Of all people, on these and other pairs."""


def findings(
    ratings: Ratings,
    labelled: Labelled,
    *,
    n_bins: int,
    left_out: Mapping[str, int],
    acceptances: Sequence[Acceptance],
) -> Findings:
    """Compute everything.

    Args:
        ratings: of the pairs of known quality.
        labelled: of all labelled pairs.
        n_bins: of the reliability diagrams.
        left_out: why labelled pairs are not in `ratings`.
        acceptances: of all pairs.
    """
    independence = independence_of(ratings)
    comparison = majority_against_best(ratings)
    calibration = calibrated(ratings, n_bins)
    return Findings(
        judges=[judge.name for judge in ratings.judges],
        people=people(labelled.labels),
        pairs=len(ratings.ids),
        good=int(ratings.is_good.sum()),
        left_out=left_out,
        qualities=qualities(ratings, calibration, n_bins),
        calibration=calibration,
        independence=independence,
        comparison=comparison,
        risks={rater.name: _risks(ratings, rater) for rater in ratings.raters},
        agreements=agreements(labelled.ids, labelled.raters, labelled.labels),
        acceptances=acceptances,
        conclusions=conclusions(independence, comparison, calibration),
    )


def people(labels: Iterable[Label]) -> list[Person]:
    """Everybody who labelled, by name."""
    counts = Counter((label.person, label.reliable) for label in labels)
    names = sorted({name for name, _ in counts})
    return [Person(name, counts[name, True], counts[name, False], counts[name, None]) for name in names]


def _risks(ratings: Ratings, rater: Rater) -> list[Point]:
    """A rater is the surer, the farther p_yes lies from its threshold."""
    return risk_at(np.abs(rater.margin), ratings.is_wrong(rater), COVERAGES)
