"""The judges together: correlation of their errors, the majority against the best judge, and agreement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from unirain_core.distill.labels import Label
from unirain_core.distill.trust import independence
from unirain_core.distill.trust.independence import Matrix
from unirain_core.distill.trust.kappa import cohen_kappa
from unirain_core.distill.trust.mcnemar import mcnemar
from unirain_core.distill.trust.ratings import Rater, Ratings


@dataclass(frozen=True, slots=True, eq=False)
class Independence:
    """How many votes the judges are worth."""

    correlations: Matrix
    """(judges, judges) of their errors; NaN where it is not defined."""
    mean: float | None
    """Mean correlation of two judges; None: it is defined for no two of them."""
    effective: float | None
    """Independent votes that they are worth; None: it is not known."""


def independence_of(ratings: Ratings) -> Independence:
    """Of the judges' errors on all pairs."""
    wrong = np.stack([ratings.is_wrong(judge) for judge in ratings.judges], axis=1)
    correlations = independence.error_correlations(wrong)
    mean = independence.mean_correlation(correlations)
    effective = None if mean is None else independence.effective_votes(len(ratings.judges), mean)
    return Independence(correlations, mean, effective)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The majority against the best single judge, on the same pairs."""

    best: str
    pairs: int
    right_majority: int
    right_best: int
    only_majority: int
    """Pairs on which only the majority is right."""
    only_best: int
    p_value: float

    @property
    def difference(self) -> float:
        """Of the shares of right verdicts: majority minus best."""
        return (self.right_majority - self.right_best) / max(self.pairs, 1)


def majority_against_best(ratings: Ratings) -> Comparison:
    """Compare the majority with the judge that has most right votes; of equal judges with the first.

    The best judge is chosen on the pairs on which it is measured, which favours it over the majority.
    """
    right = [~ratings.is_wrong(judge) for judge in ratings.judges]
    best = max(range(len(right)), key=lambda number: right[number].sum())
    of_best, of_majority = right[best], ~ratings.is_wrong(ratings.majority)
    only_majority, only_best = int((of_majority & ~of_best).sum()), int((of_best & ~of_majority).sum())
    return Comparison(
        best=ratings.judges[best].name,
        pairs=len(ratings.ids),
        right_majority=int(of_majority.sum()),
        right_best=int(of_best.sum()),
        only_majority=only_majority,
        only_best=only_best,
        p_value=mcnemar(only_majority, only_best),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two raters, people included, on the pairs on which both said yes or no."""

    one: str
    other: str
    pairs: int
    kappa: float | None


def agreements(ids: Sequence[str], raters: Sequence[Rater], labels: Iterable[Label]) -> list[Agreement]:
    """Every two of judges, majority and people.

    Args:
        ids: of the labelled pairs about which all judges were asked.
        raters: on these pairs.
        labels: of all people.
    """
    answers: dict[str, Mapping[str, bool]] = {}
    for rater in raters:
        rated = zip(ids, rater.accepts.tolist(), rater.answers.tolist(), strict=True)
        answers[rater.name] = {name: accepts for name, accepts, is_answered in rated if is_answered}
    people: dict[str, dict[str, bool]] = {}
    for label in labels:
        if label.reliable is not None:
            people.setdefault(label.person, {})[label.pair_id] = label.reliable
    for person in sorted(people):
        answers[f"person {person}"] = people[person]
    return [_agreement(one, other, answers) for one, other in combinations(answers, 2)]


def _agreement(one: str, other: str, answers: Mapping[str, Mapping[str, bool]]) -> Agreement:
    """The agreement of two raters.

    Args:
        one: name of a rater.
        other: name of another one.
        answers: yes or no of each rater, by pair_id.
    """
    pairs = sorted(answers[one].keys() & answers[other].keys())
    kappa = cohen_kappa([answers[one][pair] for pair in pairs], [answers[other][pair] for pair in pairs])
    return Agreement(one, other, len(pairs), kappa)
