"""The latest losses of each rain type, to which slopes are fitted, and the latest slopes."""

from dataclasses import dataclass, replace
from typing import Any, Literal, Self, assert_never

import numpy as np
from numpy.typing import NDArray

from unirain_core.reweight.slope import Float64Array, convergence_slope

Reference = Literal["first", "first_window", "none"]

_ARRAYS = ("updates", "losses", "reference", "slopes", "skipped")

LOSS_LIMIT = 1e300
NORMALISED_LIMIT = 1e100
"""Bounds of raw and normalised losses, so that no mean, product or square sum overflows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The past of K rain types, N values each; NaN where there is none yet, newest last."""

    update: int
    """Updates so far."""
    updates: Float64Array
    """(K, N) update at which each loss was seen."""
    losses: Float64Array
    """(K, N) losses as observed: a reference that comes later divides them all."""
    reference: Float64Array
    """(K,) what a type's losses are divided by."""
    slopes: Float64Array
    """(K, N) latest slopes; an absent type's slope is carried forward."""
    skipped: Float64Array
    """(K,) infinite losses so far."""

    @classmethod
    def empty(cls, num_types: int, window_size: int) -> Self:
        """Nothing seen yet."""
        unknown = np.full((num_types, window_size), np.nan)
        return cls(
            update=0,
            updates=unknown,
            losses=unknown,
            reference=unknown[:, 0],
            slopes=unknown,
            skipped=np.zeros(num_types),
        )

    def ready(self) -> NDArray[np.bool_]:
        """(K,) which types have been seen N times."""
        ready: NDArray[np.bool_] = ~np.isnan(self.losses[:, 0])
        return ready

    def newest_slopes(self) -> Float64Array:
        """(k,) newest slopes of the ready types."""
        newest: Float64Array = self.slopes[self.ready(), -1]
        return newest

    def push(self, losses: Float64Array, rule: Reference) -> Self:
        """The history after one more update.

        Args:
            losses: (K,) NaN or infinite where a type is absent.
            rule: what losses are divided by: the type's first loss, the mean of its first N, or 1.
        """
        present = np.isfinite(losses)
        grown = replace(
            self,
            update=self.update + 1,
            updates=_append(self.updates, np.full(losses.size, float(self.update)), present),
            losses=_append(self.losses, np.clip(losses, -LOSS_LIMIT, LOSS_LIMIT), present),
            skipped=self.skipped + np.isinf(losses),
        )
        grown = replace(grown, reference=grown.settled_reference(rule))
        ready = grown.ready()
        slopes = np.full(losses.size, np.nan)
        slopes[ready] = convergence_slope(grown.updates[ready], grown.normalised()[ready])
        return replace(grown, slopes=_append(self.slopes, slopes, ready))

    def settled_reference(self, rule: Reference) -> Float64Array:
        """(K,) each type's reference; once known it stays."""
        match rule:
            case "none":
                candidates = np.ones_like(self.reference)
            case "first":
                candidates = self.losses[:, -1]
            case "first_window":
                candidates = self.losses.mean(axis=-1)  # NaN until the window is full
            case _:
                assert_never(rule)
        return np.where(np.isnan(self.reference), candidates, self.reference)

    def normalised(self) -> Float64Array:
        """(K, N) losses over the size of their reference: a negative one must not turn slopes round."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            quotient = self.losses / np.abs(self.reference)[:, None]
        quotient = np.where(self.losses == 0.0, 0.0, quotient)  # 0/0 = 0
        return np.clip(quotient, -NORMALISED_LIMIT, NORMALISED_LIMIT)

    def to_json(self) -> dict[str, Any]:
        """Plain lists, None for NaN."""
        arrays = {name: _listed(getattr(self, name)) for name in _ARRAYS}
        return {"update": self.update, **arrays}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_json`, bit by bit."""
        arrays = {name: np.array(state[name], dtype=np.float64) for name in _ARRAYS}
        return cls(update=state["update"], **arrays)


def _append(window: Float64Array, newest: Float64Array, where: NDArray[np.bool_]) -> Float64Array:
    """(K, N) with the oldest value of the chosen rows gone and the newest one added."""
    moved = np.concatenate([window[:, 1:], newest[:, None]], axis=1)
    return np.where(where[:, None], moved, window)


def _listed(array: Float64Array) -> list[Any]:
    values = array.astype(object)
    values[np.isnan(array)] = None
    listed: list[Any] = values.tolist()
    return listed
