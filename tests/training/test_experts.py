"""Noise and routes belong to our network alone."""

from dataclasses import replace

import torch

from unirain_core.config.architectures import Restormer
from unirain_core.config.sections import Network
from unirain_core.model.architecture import build
from unirain_core.model.network import draw_noise
from unirain_core.training.experts import expert_usage, routing_noise

OURS = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, noise_std=0.5)
PLAIN = Restormer(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0)


def generator():
    return torch.Generator().manual_seed(7)


def pictures():
    return torch.rand(3, 3, 16, 12, generator=generator())


def test_a_step_of_ours_takes_the_noise_that_its_generator_draws():
    net = build(OURS, seed=0)
    expected = draw_noise(net, 3, generator())
    (noise,) = routing_noise(net, 3, generator())

    assert expected is not None
    assert torch.equal(expected, noise)


def test_nothing_is_drawn_for_a_network_without_noise():
    for config in (replace(OURS, noise_std=0.0), PLAIN):
        source = generator()

        assert routing_noise(build(config, seed=0), 3, source) == ()
        assert torch.equal(generator().get_state(), source.get_state())


def test_usage_is_the_mean_route_of_each_expert():
    net = build(OURS, seed=0).eval()
    usage = expert_usage(net, pictures())
    routes = net.routes(pictures())

    assert len(usage) == 3 * len(routes)
    for name, route in routes.items():
        means = [usage[f"experts/{name}/{expert}"] for expert in range(3)]
        torch.testing.assert_close(route.mean(dim=0), torch.tensor(means))


def test_a_network_without_experts_has_no_usage():
    assert expert_usage(build(PLAIN, seed=0), pictures()) == {}
