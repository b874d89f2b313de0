"""The memory of one training step, counted without computing it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from unirain_core.config.architectures import Architecture
from unirain_core.model.architecture import build

STATES = 4
"""Copies of each weight in float32: itself, its gradient, and the two averages of AdamW."""


@dataclass(frozen=True, slots=True)
class StepMemory:
    """Bytes that a training step holds at least. What an operation takes and gives back is not counted."""

    weights: int
    """With their gradients and the optimizer's averages."""
    activations: int
    """Everything that the backward pass needs of the forward pass."""


def step_memory(network: Architecture, crops: int, patch: int) -> StepMemory:
    """Count a training step in float32 on tensors without content. With bfloat16 the activations need somewhat more than half.

    Args:
        network: its section.
        crops: of one process's share of a batch.
        patch: side of a crop in pixels.
    """
    with torch.device("meta"):
        net = build(network, seed=0).train()
        rainy = torch.empty(crops, 3, patch, patch)
    weights = {weight.untyped_storage()._cdata for weight in net.parameters()}
    saved: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage._cdata] = storage  # held, so that no later storage takes its number
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        net(rainy)
    n_weights = sum(weight.numel() for weight in net.parameters())
    activations = sum(storage.nbytes() for number, storage in saved.items() if number not in weights)
    return StepMemory(STATES * 4 * n_weights, activations)
