"""The one part of the objective that has state: losses go in, weights come out."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

import numpy as np

from unirain_core.config.sections import Preset
from unirain_core.reweight.adaptivity import AdaptivityState, adaptivity_factor
from unirain_core.reweight.history import History, Reference
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """Every option that changes the weights. They are saved with the state, so that it is never used with others."""

    num_types: int
    window_size: int
    tau: float
    preset: Preset
    reference: Reference
    af_logit_cap: float | None
    af_decay: float
    fixed_af: float
    min_weight: float

    def __post_init__(self) -> None:
        if self.num_types < 1 or self.window_size < 2:
            raise ValueError(f"need num_types >= 1 and window_size >= 2, got {self}")
        if not 0.0 <= self.min_weight * self.num_types <= 1.0:
            raise ValueError(
                f"min_weight {self.min_weight} for each of {self.num_types} types: their sum must lie between 0 and 1"
            )


class MultiObjectiveReweighter:
    """Weights of K rain types from the slopes of their losses, Eqs. 6 to 10.

    One call of `update` is one t of the paper; how many training steps lie between two calls is the
    caller's choice. Constant time and memory per call. Weights are finite and sum to 1 for any input.

    Presets: `literal` (Eq. 9 as printed), `unirain` (absolute value in its normaliser), `gated` (besides,
    only a positive α_max lowers AF), `magnitude` (α_max is the largest |α|), `fixed_af`, `no_tss` (AF = 1),
    `no_tbs` (AF = 0), `uniform` (weights stay 1/K; the scores are computed as in `unirain`).
    """

    def __init__(
        self,
        num_types: int,
        *,
        window_size: int = 10,
        tau: float = 5.0,
        preset: Preset = "unirain",
        reference: Reference = "first_window",
        af_logit_cap: float | None = None,
        af_decay: float = 1.0,
        fixed_af: float = 0.5,
        min_weight: float = 0.0,
    ) -> None:
        self.hyperparameters = Hyperparameters(
            num_types=num_types,
            window_size=window_size,
            tau=tau,
            preset=preset,
            reference=reference,
            af_logit_cap=af_logit_cap,
            af_decay=af_decay,
            fixed_af=fixed_af,
            min_weight=min_weight,
        )
        self._history = History.empty(num_types, window_size)
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
        options = self.hyperparameters
        if newest.size != options.num_types:
            raise ValueError(f"expected {options.num_types} losses, got {newest.size}")
        self._history = self._history.push(newest, options.reference)
        slopes = self._history.newest_slopes()
        if slopes.size:
            change, pace = change_and_pace(options.preset, slopes)
            self._adaptivity = self._adaptivity.push(
                change, pace, tau=options.tau, cap=options.af_logit_cap, decay=options.af_decay
            )
        return self.scores()["weights"]

    def scores(self) -> Scores:
        """The newest weights and the scores that they were made of."""
        options, ready = self.hyperparameters, self._history.ready()
        factor = factor_in_use(options.preset, adaptivity_factor(self._adaptivity), options.fixed_af)
        slopes = self._history.slopes
        balance = stability = weights = np.full(ready.size, 1.0 / ready.size)
        if ready.any():
            balance = among_all(balance_score(slopes[ready, -1]), ready)
            stability = among_all(stability_score(slopes[ready]), ready)
        if options.preset != "uniform":
            weights = above_floor(type_weights(balance, stability, factor), options.min_weight)
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
            "hyperparameters": asdict(self.hyperparameters),
            "history": self._history.to_json(),
            "adaptivity": adaptivity,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state.

        Raises:
            ValueError: if it was saved under other hyperparameters; nothing has changed then.
        """
        saved, own = state["hyperparameters"], asdict(self.hyperparameters)
        if saved != own:
            raise ValueError(f"the state was saved under other hyperparameters: {saved}, not {own}")
        adaptivity = dict(state["adaptivity"])
        if adaptivity["log_sum"] is None:
            adaptivity["log_sum"] = -np.inf
        self._history = History.from_json(state["history"])
        self._adaptivity = AdaptivityState(**adaptivity)
