"""A linear rule over named statistics: the form of every fit that ships with the package."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self


class Term(NamedTuple):
    """One statistic's part in a rule."""

    mean: float
    scale: float
    """The statistic is standardised by mean and scale."""
    weight: float


@dataclass(frozen=True, slots=True)
class LinearRule:
    """Logistic regression on standardised statistics; its logit is positive for yes."""

    bias: float
    terms: Mapping[str, Term]

    @classmethod
    def from_json(cls, bias: float, terms: Mapping[str, list[float]]) -> Self:
        """Build from the form in which rules are stored: name to [mean, scale, weight]."""
        return cls(bias, {name: Term(*values) for name, values in terms.items()})

    def contributions(self, values: Mapping[str, float]) -> dict[str, float]:
        """What each statistic adds to the logit.

        >>> LinearRule(0.5, {"width": Term(2.0, 4.0, 3.0)}).contributions({"width": 6.0, "length": 1.0})
        {'width': 3.0}
        """
        return {name: t.weight * (values[name] - t.mean) / t.scale for name, t in self.terms.items()}

    def logit(self, values: Mapping[str, float]) -> float:
        """Log odds of yes."""
        return self.bias + math.fsum(self.contributions(values).values())


def probability(logit: float) -> float:
    """Logistic function, without overflow.

    >>> probability(0.0)
    0.5
    """
    return 0.5 * (1 + math.tanh(logit / 2))
