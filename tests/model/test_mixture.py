import pytest
import torch
from torch.nn import functional

from unirain_core.config.sections import Network
from unirain_core.model.experts import Expert
from unirain_core.model.mixture import MixtureAttention, hard_mixture, soft_mixture
from unirain_core.model.routing import Router

CHANNELS = 16
EXPERTS = (Expert(2, 1), Expert(4, 2), Expert(8, 2))
CONFIG = Network(dim=16, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0)
NARROW = torch.tensor([[0.3, 0.5, 0.0], [0.0, 0.2, 0.7], [0.6, 0.0, 0.1]], dtype=torch.float64)


def attention(mode):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(3)
        made = MixtureAttention(CHANNELS, EXPERTS, Router(CHANNELS, 3, mode, CONFIG)).double()
        torch.nn.init.uniform_(made.temperature, 0.5, 2.0)
        return made


def features():
    return torch.randn(3, 6, 5, CHANNELS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def one_expert(module, x, index):
    """An expert by itself, channels first and head by head: Restormer's attention, written plainly."""
    first = sum(expert.width for expert in EXPERTS[:index])
    first_head = sum(expert.heads for expert in EXPERTS[:index])
    width, heads = EXPERTS[index].width, EXPERTS[index].heads
    total = sum(expert.width for expert in EXPERTS)
    picture = x.permute(0, 3, 1, 2)
    parts = []
    for third in range(3):
        rows = slice(third * total + first, third * total + first + width)
        mapped = functional.conv2d(picture, module.qkv.weight[rows, :, None, None])
        local = functional.conv2d(mapped, module.local.weight[rows], padding=1, groups=width)
        parts.append(local.reshape(len(x), heads, width // heads, -1))
    query, key, value = (
        functional.normalize(parts[0], dim=-1),
        functional.normalize(parts[1], dim=-1),
        parts[2],
    )
    temperature = module.temperature[first_head : first_head + heads, None, None]
    attended = (query @ key.transpose(-2, -1) * temperature).softmax(dim=-1) @ value
    columns = module.out.weight[:, first : first + width, None, None]
    mixed = functional.conv2d(attended.reshape(len(x), width, *x.shape[1:3]), columns)
    return mixed.permute(0, 2, 3, 1)


def separate(module, x, routes):
    """Eqs. 12 and 14 as they are printed."""
    return sum(routes[:, i, None, None, None] * one_expert(module, x, i) for i in range(len(EXPERTS)))


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_the_fused_mixture_equals_separate_experts_in_values_and_gradients(mode):
    module, x = attention(mode), features().requires_grad_()
    inputs = [x, *module.parameters()]
    expected, found = separate(module, x, module.router(x)), module(x)
    probe = torch.randn(found.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)

    torch.testing.assert_close(expected, found, rtol=0, atol=1e-13)
    for one, other in zip(
        torch.autograd.grad((expected * probe).sum(), inputs),
        torch.autograd.grad((found * probe).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_the_sparse_mixture_equals_the_dense_one_in_values_and_gradients():
    module, x = attention("hard"), features().requires_grad_()
    inputs = [x, module.qkv.weight, module.local.weight, module.out.weight, module.temperature]
    dense, sparse = soft_mixture(x, module.bank(), NARROW), hard_mixture(x, module.bank(), NARROW)

    torch.testing.assert_close(dense, sparse, rtol=0, atol=1e-13)
    for one, other in zip(
        torch.autograd.grad(dense.square().sum(), inputs),
        torch.autograd.grad(sparse.square().sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_the_sparse_mixture_never_touches_an_expert_without_a_route():
    module = attention("hard")
    bank = module.bank()
    poisoned = bank._replace(out=bank.out.masked_fill(bank.owner == 0, float("nan")))
    routes = torch.tensor([[0.0, 0.4, 0.5]], dtype=torch.float64)

    assert torch.isfinite(hard_mixture(features()[:1], poisoned, routes)).all()
    assert torch.isnan(soft_mixture(features()[:1], poisoned, routes)).any()


def test_a_silenced_expert_gets_no_gradient():
    module = attention("soft")
    routes = torch.tensor([[0.0, 0.4, 0.5]] * 3, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(
        soft_mixture(features(), module.bank(), routes).sum(), module.out.weight
    )

    assert torch.count_nonzero(gradient[:, :2]) == 0
    assert torch.count_nonzero(gradient[:, 2:]) == gradient[:, 2:].numel()


def test_without_routes_every_expert_has_weight_one():
    module, x = attention("soft"), features()
    ones = torch.ones(3, 3, dtype=torch.float64)

    torch.testing.assert_close(soft_mixture(x, module.bank(), ones), soft_mixture(x, module.bank(), None))
