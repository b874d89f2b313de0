"""From the losses of single crops to one loss, and to the losses that the reweighter sees."""

import math
from collections.abc import Callable, Sequence
from typing import Literal, Self, assert_never

import torch
from torch import Tensor

from unirain_core.config.sections import RainType
from unirain_core.errors import GateError
from unirain_core.reweight.slope import Float64Array


def pixel_loss(restored: Tensor, clean: Tensor, kind: Literal["l1", "rmse"]) -> Tensor:
    """Loss of each crop.

    Args:
        restored: (B, 3, H, W).
        clean: the same shape, in [0, 1].
        kind: mean absolute error, or root of the mean squared error.

    Returns:
        (B,) float32.
    """
    difference = (restored.float() - clean.float()).flatten(1)
    match kind:
        case "l1":
            means: Tensor = difference.abs().mean(dim=1)
            return means
        case "rmse":  # a norm has gradient 0 at 0, where a root would have an infinite one
            roots: Tensor = torch.linalg.vector_norm(difference, dim=1) / difference.shape[1] ** 0.5
            return roots
        case _:
            assert_never(kind)


def weighted_loss(losses: Tensor, types: Tensor, weights: Tensor) -> Tensor:
    """K times the mean over crops of weight times loss; with equal weights the plain mean of the batch.

    The paper leaves open how per-type losses are summed. This form needs no special case for a type that
    a batch lacks, and learning rate and gradient clip keep their meaning under any weights.

    Args:
        losses: (B,) loss of each crop.
        types: (B,) int64 type of each crop.
        weights: (K,) sums to 1.

    >>> weighted_loss(torch.tensor([1.0, 3.0]), torch.tensor([0, 1]), torch.tensor([0.75, 0.25]))
    tensor(1.5000)
    """
    mean: Tensor = (weights[types] * losses).mean()
    return len(weights) * mean


class LossMeter:
    """Mean loss of each type over an interval of steps; kept on the device, read once per interval."""

    def __init__(self, num_types: int, device: torch.device) -> None:
        self.sums = torch.zeros(2, num_types, dtype=torch.float64, device=device)
        """(2, K) sums of losses, and how many."""

    def add(self, losses: Tensor, types: Tensor) -> Self:
        """Take the losses of a batch, (B,) each, without waiting for the device."""
        precise = losses.detach().double()
        self.sums[0].index_add_(0, types, precise)
        self.sums[1].index_add_(0, types, torch.ones_like(precise))
        return self

    def means(self, reduce: Callable[[Tensor], Tensor] = torch.clone) -> list[float]:
        """K means since the last reset, NaN where a type was absent.

        Args:
            reduce: sums a tensor over all processes.
        """
        total, count = reduce(self.sums).cpu()
        means: list[float] = torch.where(count > 0, total / count, torch.nan).tolist()
        return means

    def reset(self) -> None:
        """Begin a new interval."""
        self.sums.zero_()


def require_finite(sums: Sequence[float], rain_types: Sequence[RainType], step: int) -> None:
    """The gate that every loss must pass before anything that follows from it is kept.

    Args:
        sums: K sums of losses over an interval.
        rain_types: the K types.
        step: steps done.

    Raises:
        GateError: a sum is not finite.
    """
    broken = [name for name, total in zip(rain_types, sums, strict=True) if not math.isfinite(total)]
    if broken:
        raise GateError(
            f"training: the loss of {', '.join(broken)} is not finite by step {step}; "
            "lower training.learning_rate or training.gradient_clip"
        )


def on_device(weights: Float64Array, device: torch.device) -> Tensor:
    """(K,) weights as float32 on the device of the losses."""
    return torch.from_numpy(weights).to(device=device, dtype=torch.float32)
