"""Stand-in judges: three families of statistics, compared with those of the references."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from unirain_core.distill.confusion import Confusion
from unirain_core.distill.judges.judge import Question, Response
from unirain_core.engine.pools import Device
from unirain_core.standins.statistics.features import FAMILIES, Family, Measurements
from unirain_core.standins.statistics.frame import BATCH, FEATURE_VERSION
from unirain_core.standins.statistics.linear import LinearRule, probability

FILE = "judges.json"
CLIP = 6.0
"""Deviations are cut off at so many spreads."""
SPOKEN = 3
"""Statistics that a reason names."""

_measurements = Measurements(capacity=1024)  # one photo is a reference of many queries


@dataclass(frozen=True, slots=True)
class Weights:
    """One family's fit."""

    spread: Mapping[str, float]
    """How far a real photo lies from its own references: root mean square, by statistic."""
    rule: LinearRule
    """Over `inputs`; its bias holds the fitted threshold, so that a logit of 0 decides."""

    def deviations(
        self, query: Mapping[str, float], references: Sequence[Mapping[str, float]]
    ) -> dict[str, float]:
        """The query less the mean of its references, in spreads, clipped."""
        return {
            name: float(np.clip((query[name] - np.mean([r[name] for r in references])) / spread, -CLIP, CLIP))
            for name, spread in self.spread.items()
        }


def inputs(deviations: Mapping[str, float]) -> dict[str, float]:
    """What the rule sees of each deviation: itself and its size.

    >>> inputs({"haze": -2.0})
    {'haze': -2.0, '|haze|': 2.0}
    """
    return {**deviations, **{f"|{name}|": abs(value) for name, value in deviations.items()}}


@dataclass(frozen=True, slots=True)
class StatisticsJudge:
    """Says yes where a picture's statistics lie as near to its references' as a good picture's do."""

    family: Family
    weights: Weights
    digest: str

    @property
    def name(self) -> str:
        """As `Judge.name`."""
        return f"statistics/{self.family}"

    @property
    def prompt(self) -> str:
        """Statistics are not asked in words."""
        return ""

    @property
    def version(self) -> str:
        """As `Judge.version`."""
        return self.digest

    @property
    def device(self) -> Device:
        """Statistics need no GPU."""
        return "cpu"

    @property
    def batch(self) -> int:
        """As many as are held in memory at once; nothing is gained by more."""
        return BATCH

    def judge(self, questions: Sequence[Question]) -> list[Response]:
        """As `Judge.judge`.

        Raises:
            ValueError: a question has no reference.
        """
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Response:
        if not question.references:
            raise ValueError("a judge needs at least one reference (found 0)")
        pictures = (question.query, *question.references)
        query, *references = [_measurements.of(picture, self.family) for picture in pictures]
        return self.respond(self.weights.deviations(query, references))

    def respond(self, deviations: Mapping[str, float]) -> Response:
        """The answer to given deviations from the references."""
        values = inputs(deviations)
        p_yes = probability(self.weights.rule.logit(values))
        parts = self.weights.rule.contributions(values)
        return Response(
            p_yes=p_yes,
            mass=1.0,
            reply="yes" if p_yes >= 0.5 else "no",
            reason=_reason({n: parts[n] + parts[f"|{n}|"] for n in deviations}, deviations),
        )


def _reason(parts: Mapping[str, float], deviations: Mapping[str, float]) -> str:
    """The statistics that moved the answer most, with their distance from the references in spreads."""
    strongest = sorted(parts, key=lambda name: (-abs(parts[name]), name))[:SPOKEN]
    return "; ".join(
        f"{name} {deviations[name]:+.1f} spreads from its references, for {'yes' if parts[name] > 0 else 'no'}"
        for name in strongest
    )


@lru_cache(maxsize=1)
def shipped() -> Mapping[Family, StatisticsJudge]:
    """The judges whose weights ship with the package, read once per process.

    Raises:
        ValueError: they were fitted to other statistics than this version computes.
    """
    content = _content()
    return {family: from_json(family, content["judges"][family]) for family in FAMILIES}


@dataclass(frozen=True, slots=True)
class Figure:
    """How well a shipped judge, or their majority, told good from planted rain."""

    judge: str
    accept_share: float | None
    """None: at the fitted thresholds."""
    confusion: Confusion


def reliability() -> tuple[str, list[Figure]]:
    """On what the shipped judges were measured when they were fitted, and what came out.

    `python -m benchmarks.statistics_judges --fit` measures them on rendered corpora of seeds that the fit did not see.
    """
    content = _content()
    tested, fitted = (", ".join(map(str, content[name])) for name in ("test_seeds", "fit_seeds"))
    figures = [_figure(**line) for line in content["figures"]]
    return f"rendered corpora of seeds {tested}; the fit saw seeds {fitted}", figures


def _figure(judge: str, accept_share: float | None, **counts: int) -> Figure:
    return Figure(judge, accept_share, Confusion(**counts))


def _content() -> dict[str, Any]:
    text = resources.files("unirain_core.standins.statistics").joinpath(FILE).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    if content["feature_version"] != FEATURE_VERSION:
        raise ValueError(f"{FILE} fits statistics {content['feature_version']}, not {FEATURE_VERSION}")
    return content


def from_json(family: Family, content: Mapping[str, object]) -> StatisticsJudge:
    """Build a judge from its part of the file."""
    text = json.dumps({"version": FEATURE_VERSION, **content}, sort_keys=True)
    stored = json.loads(
        text
    )  # as it comes out of the file, also where a fit hands over what it is about to write
    weights = Weights(stored["spread"], LinearRule.from_json(stored["bias"], stored["terms"]))
    return StatisticsJudge(family, weights, hashlib.sha256(text.encode()).hexdigest()[:32])
