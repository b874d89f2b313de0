"""Platt scaling: two numbers that turn a judge's p_yes into a calibrated probability."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_EDGE = 1e-6
"""p_yes is kept so far from 0 and 1, where its logit is infinite."""
_STEPS = 100
"""Newton needs fewer than 20; a fit that is not done by then stops where it is."""
_DONE = 1e-12
"""The fit ends where no weight changes by more; a step is not halved below it."""
_RIDGE = 1e-9
"""Keeps the equations solvable where all answers are equal: then only the intercept is fitted."""


@dataclass(frozen=True, slots=True)
class Platt:
    """probability = 1 / (1 + exp(-(slope * logit(p_yes) + intercept)))."""

    slope: float
    intercept: float

    def __call__(self, p_yes: Floats) -> Floats:
        """The scaled probabilities."""
        return _probability(self.slope * logit(p_yes) + self.intercept)


def logit(p_yes: Floats) -> Floats:
    """The logarithm of the odds, finite for 0 and 1 too."""
    inside = np.clip(p_yes, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)))


def fit(p_yes: Floats, is_good: NDArray[np.bool_]) -> Platt:
    """The scaling with the highest likelihood, by Newton's method (Platt 1999, with his targets; Lin, Lin and Weng 2007).

    The targets are not 1 and 0 but (n_good + 1) / (n_good + 2) and 1 / (n_faulty + 2): few labels, or labels that p_yes
    separates without an error, do not drive the slope to infinity.

    Args:
        p_yes: (n,) a judge's answers.
        is_good: (n,) the truth.
    """
    n_good = int(is_good.sum())
    n_faulty = len(is_good) - n_good
    targets = np.where(is_good, (n_good + 1) / (n_good + 2), 1 / (n_faulty + 2))
    inputs = np.stack([logit(p_yes), np.ones(len(p_yes))], axis=1)
    weights = np.array([0.0, np.log((n_good + 1) / (n_faulty + 1))])
    for _ in range(_STEPS):
        step = _newton_step(inputs, targets, weights)
        # halved until the likelihood does not fall: far from the optimum a whole step can overshoot
        size = 1.0
        while (
            _loss(inputs, targets, weights + size * step) > _loss(inputs, targets, weights) and size > _DONE
        ):
            size /= 2
        weights = weights + size * step
        if np.abs(step).max() < _DONE:
            break
    return Platt(float(weights[0]), float(weights[1]))


def _newton_step(inputs: Floats, targets: Floats, weights: Floats) -> Floats:
    p = _probability(inputs @ weights)
    gradient = inputs.T @ (p - targets)
    curvature = inputs.T @ (inputs * (p * (1 - p))[:, None]) + _RIDGE * np.eye(2)
    return np.asarray(np.linalg.solve(curvature, -gradient))


def _loss(inputs: Floats, targets: Floats, weights: Floats) -> float:
    """Negative logarithm of the likelihood."""
    z = inputs @ weights
    return float((np.logaddexp(0, z) - targets * z).sum())


def _probability(z: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -z)))
