"""The one part of the objective that has state: losses go in, weights come out."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, TypedDict

import numpy as np

from unirain_core.config.sections import Strategy
from unirain_core.reweight.adaptivity import AdaptivityState, adaptivity_factor
from unirain_core.reweight.history import History
from unirain_core.reweight.presets import change_and_pace, factor_in_use
from unirain_core.reweight.scores import balance_score, stability_score
from unirain_core.reweight.slope import Float64Array
from unirain_core.reweight.weights import above_floor, among_all, type_weights


class Scores(TypedDict):
    """The newest weights and the scores that they were made of."""

    tbs: Float64Array
    """(K,) Eq. 7; 1/K where a type has no slope yet, the others sharing the rest."""
    tss: Float64Array
    """(K,) Eq. 8; likewise."""
    af: float
    """Eq. 9, or the constant that the preset puts in its place."""
    slopes: Float64Array
    """(K,) Eq. 6; NaN where a type has no slope yet."""
    weights: Float64Array
    """(K,) Eq. 10."""
    skipped: Float64Array
    """(K,) infinite losses so far, treated as absent."""


class MultiObjectiveReweighter:
    """Weights of K rain types from the slopes of their losses, Eqs. 6 to 10.

    One call of `update` is one t of the paper; how many training steps lie between two calls is the
    caller's choice. Constant time and memory per call. Weights are finite and sum to 1 for any input.

    Strategy's fields say how. Its `update_every` and `source` are for the trainer, which decides when there is an update and of
    which losses.
    """

    def __init__(self, num_types: int, strategy: Strategy | None = None) -> None:
        """Begin with equal weights.

        Args:
            num_types: K.
            strategy: how slopes become weights; None: the defaults of `Strategy`.

        Raises:
            ValueError: there is no type, or the least weights of all types exceed 1.
        """
        self.num_types = num_types
        self.strategy = strategy or Strategy()
        if num_types < 1 or self.strategy.window_size < 2:
            raise ValueError(f"need num_types >= 1 and window_size >= 2, got {num_types} and {self.strategy}")
        if not 0.0 <= self.strategy.min_weight * num_types <= 1.0:
            raise ValueError(
                f"min_weight {self.strategy.min_weight} for each of {num_types} types: their sum must lie between 0 and 1"
            )
        self._history = History.empty(num_types, self.strategy.window_size)
        self._adaptivity = AdaptivityState()

    def update(self, losses: Iterable[float]) -> Float64Array:
        """Take one loss of each type and return the new weights.

        Args:
            losses: K numbers, NaN where a type is absent; an infinite one counts as absent.

        Returns:
            (K,) non-negative weights that sum to 1; 1/K until a type has been seen `window_size` times.
        """
        numbers = losses.tolist() if hasattr(losses, "tolist") else list(losses)  # a tensor, on any device
        newest = np.array(numbers, dtype=np.float64)
        if newest.size != self.num_types:
            raise ValueError(f"expected {self.num_types} losses, got {newest.size}")
        strategy = self.strategy
        self._history = self._history.push(newest, strategy.reference)
        slopes = self._history.newest_slopes()
        if slopes.size:
            change, pace = change_and_pace(strategy.preset, slopes)
            self._adaptivity = self._adaptivity.push(
                change, pace, tau=strategy.tau, cap=strategy.af_logit_cap, decay=strategy.af_decay
            )
        return self.scores()["weights"]

    def scores(self) -> Scores:
        """The newest weights and the scores that they were made of."""
        strategy, ready = self.strategy, self._history.ready()
        factor = factor_in_use(strategy.preset, adaptivity_factor(self._adaptivity), strategy.fixed_af)
        slopes = self._history.slopes
        balance = stability = weights = np.full(ready.size, 1.0 / ready.size)
        if ready.any():
            balance = among_all(balance_score(slopes[ready, -1]), ready)
            stability = among_all(stability_score(slopes[ready]), ready)
        if strategy.preset != "uniform":
            weights = above_floor(type_weights(balance, stability, factor), strategy.min_weight)
        return Scores(
            tbs=balance,
            tss=stability,
            af=factor,
            slopes=slopes[:, -1].copy(),
            weights=weights,
            skipped=self._history.skipped.copy(),
        )

    def state_dict(self) -> dict[str, Any]:
        """Everything that `load_state_dict` needs to go on bit by bit; survives JSON."""
        adaptivity = asdict(self._adaptivity)
        if not np.isfinite(self._adaptivity.log_sum):
            adaptivity["log_sum"] = None
        return {
            "made_with": self._made_with(),
            "history": self._history.to_json(),
            "adaptivity": adaptivity,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state.

        Raises:
            ValueError: it was saved under another strategy or number of types; nothing has changed then.
        """
        saved, own = state["made_with"], self._made_with()
        if saved != own:
            raise ValueError(f"the state was saved under another strategy: {saved}, not {own}")
        adaptivity = dict(state["adaptivity"])
        if adaptivity["log_sum"] is None:
            adaptivity["log_sum"] = -np.inf
        self._history = History.from_json(state["history"])
        self._adaptivity = AdaptivityState(**adaptivity)

    def _made_with(self) -> dict[str, Any]:
        return {"num_types": self.num_types, **asdict(self.strategy)}
