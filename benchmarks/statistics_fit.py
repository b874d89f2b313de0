"""Fits of the statistics encoders and judges, as functions of measured pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from benchmarks.statistics_corpus import Query, Sample
from unirain_core.standins.statistics.attributes import COVER, AttributeRules, attributes
from unirain_core.standins.statistics.captioner import sentence
from unirain_core.standins.statistics.features import Family
from unirain_core.standins.statistics.judges import CLIP, inputs
from unirain_core.standins.statistics.linear import LinearRule
from unirain_core.standins.statistics.text import terms

Vector = NDArray[np.float64]

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Inverse strengths of the L2 penalty that cross-validation chooses from."""
FOLDS = 5

NIGHT_STATISTICS = (
    "dark brightness",
    "middle brightness",
    "bright brightness",
    "brightest brightness",
    "saturation",
    "range of light",
    "haze",
)
"""What tells night from day. All of `brightness` does so better on rendered pictures (.99 against .98 of them) and
worse on 112 public ones (.51 against .74 of the pairs): the others know the renderer's lamps."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A logistic regression and what cross-validation says of it."""

    rule: LinearRule
    strength: float
    held_out: Vector
    """(N,) logit of every row from the folds that did not hold it."""

    def stored(self, bias: float | None = None) -> dict[str, object]:
        """The rule as it is stored: eight digits are more than the fit's precision."""
        return {
            "bias": _short(self.rule.bias if bias is None else bias),
            "terms": {name: [_short(v) for v in term] for name, term in self.rule.terms.items()},
        }


def _short(value: float) -> float:
    return float(f"{value:.8g}")


def fit_rule(rows: Sequence[Mapping[str, float]], labels: Sequence[bool]) -> Fit:
    """L2 logistic regression with balanced classes; its strength has the least log loss in cross-validation."""
    names = list(rows[0])
    x, y = np.array([[row[name] for name in names] for row in rows]), np.array(labels)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale < 1e-9] = 1.0
    z = (x - mean) / scale
    held_out = {strength: _held_out(z, y, strength) for strength in STRENGTHS}
    signs = np.where(y, 1, -1)
    share = np.where(y, 1 / y.sum(), 1 / (~y).sum())
    loss = {s: float((share * np.logaddexp(0, -signs * logit)).sum()) for s, logit in held_out.items()}
    best = min(STRENGTHS, key=lambda s: loss[s])
    weight, bias = _regression(z, y, best)
    stored = {
        n: [float(m), float(s), float(w)] for n, m, s, w in zip(names, mean, scale, weight, strict=True)
    }
    return Fit(LinearRule.from_json(bias, stored), best, held_out[best])


def _regression(z: Vector, y: NDArray[np.bool_], strength: float) -> tuple[Vector, float]:
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=5000).fit(z, y)
    return model.coef_[0], float(model.intercept_[0])


def _held_out(z: Vector, y: NDArray[np.bool_], strength: float) -> Vector:
    logits = np.zeros(len(y))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(z, y):
        weight, bias = _regression(z[train], y[train], strength)
        logits[test] = z[test] @ weight + bias
    return logits


def fit_encoders(samples: Sequence[Sample]) -> dict[str, object]:
    """Everything that the statistics encoders are fitted to: faithful pictures and the database."""
    faithful = [s for s in samples if not s.kind]
    database = [s for s in samples if s.real]
    night = fit_rule([_night_values(s) for s in faithful], [s.rain_type[0] == "n" for s in faithful])
    streaks = fit_rule([s.measured.shape for s in faithful], [s.rain_type[2] == "s" for s in faithful])
    light, heavy = (
        float(q) for q in np.quantile([s.measured.shape[COVER] for s in database], (1 / 3, 2 / 3))
    )
    rules = AttributeRules(night.rule, streaks.rule, (light, heavy))
    captions = [sentence(attributes(s.measured, rules)) for s in database]
    blocks = np.array([s.raw_vector for s in database])
    return {
        "night": night.stored(),
        "streaks": streaks.stored(),
        "density": [_short(light), _short(heavy)],
        "inverse_frequency": inverse_frequency(captions),
        "image_mean": [_short(v) for v in blocks.mean(axis=0)],
        "image_scale": [_short(v) for v in blocks.std(axis=0) + 1e-3],
    }


def _night_values(sample: Sample) -> dict[str, float]:
    return {name: sample.measured.light[name] for name in NIGHT_STATISTICS}


def inverse_frequency(captions: Sequence[str]) -> dict[str, float]:
    """Smoothed log inverse share of the captions that hold a word or word pair."""
    counts: dict[str, int] = {}
    for caption in captions:
        for term in set(terms(caption)):
            counts[term] = counts.get(term, 0) + 1
    total = len(captions) + 1
    return {term: _short(float(np.log(total / (n + 1))) + 0.2) for term, n in sorted(counts.items())}


def fit_judge(family: Family, queries: Sequence[Query], database: Sequence[Query]) -> dict[str, object]:
    """One family's spread, rule and threshold, from labelled pictures and from the photos of the database."""
    names = list(queries[0].sample.features.of(family))
    errors = np.array([_errors(family, names, query) for query in database])
    spread = np.maximum(np.sqrt((errors**2).mean(axis=0)), 1e-6)
    rows = []
    for query in queries:
        deviation = np.clip(_errors(family, names, query) / spread, -CLIP, CLIP)
        rows.append(inputs({name: float(d) for name, d in zip(names, deviation, strict=True)}))
    good = [query.sample.good for query in queries]
    fit = fit_rule(rows, good)
    threshold = balanced_threshold(fit.held_out, np.array(good))
    stored = fit.stored(bias=fit.rule.bias - threshold)
    return {
        "strength": fit.strength,
        "threshold": _short(threshold),
        "spread": {n: _short(s) for n, s in zip(names, spread, strict=True)},
        **stored,
    }


def _errors(family: Family, names: Sequence[str], query: Query) -> Vector:
    own = np.array([query.sample.features.of(family)[name] for name in names])
    theirs = np.array([[r.features.of(family)[name] for name in names] for r in query.references])
    error: Vector = own - theirs.mean(axis=0)
    return error


def balanced_threshold(logits: Vector, good: NDArray[np.bool_]) -> float:
    """The logit that makes the smaller of (good kept, planted caught) as large as it can be."""
    order = np.unique(logits)
    cuts = (order[:-1] + order[1:]) / 2
    score = [min((logits[good] >= cut).mean(), (logits[~good] < cut).mean()) for cut in cuts]
    return float(cuts[int(np.argmax(score))])
