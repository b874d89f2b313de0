import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.config.sections import Network
from unirain_core.model.routing import Router, hard_route, soft_route


def network(noise_std=0.0, active=2):
    return Network(
        dim=8,
        blocks=(1, 1),
        refinement=1,
        heads=(1, 2),
        ffn_expansion=2.0,
        noise_std=noise_std,
        active=active,
    )


def routes(seed, n_experts=3):
    return torch.rand(5, n_experts, generator=torch.Generator().manual_seed(seed)).softmax(dim=-1)


def test_soft_route_is_the_softmax_of_the_projection():
    pooled = torch.tensor([[1.0, 2.0]])
    projection = torch.log(torch.tensor([[2.0, 1.0], [1.0, 3.0]]))

    torch.testing.assert_close(torch.tensor([[2 / 11, 9 / 11]]), soft_route(pooled, projection))


def test_soft_route_adds_the_noise_to_the_features():
    pooled, noise, projection = torch.rand(2, 4), torch.rand(2, 4), torch.rand(3, 4)

    assert torch.equal(soft_route(pooled + noise, projection), soft_route(pooled, projection, noise))


def test_soft_route_is_float32_for_bf16_features_under_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = soft_route(torch.rand(2, 4, dtype=torch.bfloat16), torch.rand(3, 4))

    assert found.dtype == torch.float32
    torch.testing.assert_close(torch.ones(2), found.sum(dim=-1))


@given(st.integers(0, 1000), st.integers(1, 3))
def test_hard_route_keeps_the_largest_and_zeroes_the_others(seed, active):
    soft = routes(seed)
    hard = hard_route(soft, active)

    assert (hard > 0).sum(dim=-1).tolist() == [active] * 5
    torch.testing.assert_close(soft.topk(active).values.sum(dim=-1), hard.sum(dim=-1))


@given(st.integers(0, 1000), st.integers(1, 3))
def test_renormalised_hard_routes_sum_to_one(seed, active):
    kept = hard_route(routes(seed), active, renormalise=True)

    torch.testing.assert_close(torch.ones(5), kept.sum(dim=-1))


def test_hard_route_of_all_experts_is_the_soft_route():
    soft = routes(0)

    assert torch.equal(soft, hard_route(soft, active=3))


def test_the_gradient_of_a_hard_route_reaches_the_router_without_renormalisation_only():
    projection = torch.rand(3, 4, requires_grad=True)
    pooled = torch.rand(1, 4)

    def gradient(*, renormalise):
        kept = hard_route(soft_route(pooled, projection), 1, renormalise=renormalise)
        return torch.autograd.grad(kept.sum(), projection)[0].abs().max()

    assert gradient(renormalise=False) > 1e-3
    assert gradient(renormalise=True) < 1e-6


def test_noise_moves_the_routes_in_training_only():
    router, x, noise = Router(8, 3, "soft", network(noise_std=1.0)), torch.rand(2, 4, 4, 8), torch.randn(2, 8)

    assert not torch.equal(router.eval()(x), router.train()(x, noise))
    assert torch.equal(router.eval()(x), router.eval()(x, noise))


def test_training_with_noise_refuses_to_go_without_it():
    router = Router(8, 3, "soft", network(noise_std=1.0)).train()

    with pytest.raises(ValueError, match="needs noise"):
        router(torch.rand(2, 4, 4, 8))


def test_a_router_reads_its_own_columns_of_the_noise():
    router, x, noise = (
        Router(2, 3, "soft", network(noise_std=0.5)).train(),
        torch.rand(1, 4, 4, 2),
        torch.randn(1, 6),
    )
    router.place = slice(2, 4)
    expected = soft_route(x.mean(dim=(1, 2)), router.projection.weight, 0.5 * noise[:, 2:4])

    assert torch.equal(expected, router(x, noise))
