"""The memory of a training step is counted as autograd holds it, without computing anything."""

from pathlib import Path

import pytest
import torch

from unirain_core.config.load import load_params
from unirain_core.config.sections import Network
from unirain_core.model.architecture import build
from unirain_core.model.memory import step_memory

SMALL = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0)


def held(network, crops, patch):
    """Bytes of the storages that a real forward pass leaves for the backward pass, weights excepted."""
    net = build(network, seed=0).train()
    weights = {weight.untyped_storage().data_ptr() for weight in net.parameters()}
    storages: dict[int, torch.UntypedStorage] = {}

    def keep(tensor):
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        net(torch.rand(crops, 3, patch, patch))
    return sum(storage.nbytes() for place, storage in storages.items() if place not in weights)


def test_activations_are_those_that_a_real_step_holds():
    assert step_memory(SMALL, 2, 32).activations == pytest.approx(held(SMALL, 2, 32), rel=0.02)


def test_activations_grow_with_crops_and_area_and_weights_do_not():
    one, four, large = step_memory(SMALL, 1, 32), step_memory(SMALL, 4, 32), step_memory(SMALL, 1, 64)

    assert one.weights == four.weights == large.weights
    assert four.activations == pytest.approx(4 * one.activations, rel=0.02)
    assert large.activations == pytest.approx(4 * one.activations, rel=0.05)


def test_the_papers_network_and_batch_need_17_gib_in_32_bits_on_one_process():
    params = load_params(Path(__file__).parents[2] / "params.paper.yaml")
    need = step_memory(params.networks["paper"], params.training.batch_per_type * 4, params.training.patch)

    assert need.activations / 2**30 == pytest.approx(17.44, abs=0.05)
    assert need.weights / 2**30 == pytest.approx(0.363, abs=0.001)
