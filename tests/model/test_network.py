from dataclasses import replace

import pytest
import torch

from unirain_core.config.sections import Network
from unirain_core.model.architecture import build
from unirain_core.model.network import UniRainNet, draw_noise
from unirain_core.model.routing import Router

CONFIG = Network(dim=8, blocks=(1, 1, 2), refinement=1, heads=(1, 2, 4), ffn_expansion=2.0, shuffle=2)
ROUTINGS = ("none", "soft", "hard")


def pictures(batch=3, height=24, width=32, seed=0):
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def net():
    return build(CONFIG, seed=0).eval()


@pytest.mark.parametrize("encoder", ROUTINGS)
@pytest.mark.parametrize("decoder", ROUTINGS)
def test_every_row_of_table_6_runs_and_learns(encoder, decoder):
    net = build(replace(CONFIG, encoder=encoder, decoder=decoder), seed=0)
    net(pictures()).square().mean().backward()

    assert all(weight.grad is not None and torch.isfinite(weight.grad).all() for weight in net.parameters())


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 5), (8, 8), (17, 31)])
def test_every_size_comes_back(net, size):
    restored = net(pictures(1, *size))

    assert restored.shape == (1, 3, *size)
    assert torch.isfinite(restored).all()


def test_a_network_without_correction_returns_its_input():
    net = build(CONFIG, seed=0)
    torch.nn.init.zeros_(net.head.weight)

    assert torch.equal(pictures(), net(pictures()))


def test_a_batch_equals_its_pictures_one_by_one(net):
    batch = pictures()
    singles = torch.cat([net(picture[None]) for picture in batch])

    torch.testing.assert_close(singles, net(batch), rtol=0, atol=2e-6)


def test_a_picture_does_not_depend_on_its_neighbours(net):
    batch = pictures()
    strangers = torch.cat([batch[:1], pictures(2, seed=9) * 100])

    torch.testing.assert_close(net(batch)[0], net(strangers)[0], rtol=0, atol=2e-6)


@pytest.mark.parametrize("active", [1, 2, 3])
@pytest.mark.parametrize("renormalise", [False, True])
def test_sparse_equals_dense(active, renormalise):
    net = build(replace(CONFIG, active=active, renormalise=renormalise, encoder="hard"), seed=0)

    torch.testing.assert_close(net(pictures()), net(pictures(), sparse=True), rtol=0, atol=2e-6)


def test_hard_routes_to_all_experts_equal_soft_ones():
    soft = build(replace(CONFIG, decoder="soft"), seed=0)
    hard = build(replace(CONFIG, decoder="hard", active=3), seed=0)

    assert torch.equal(soft(pictures()), hard(pictures()))


def test_routes_name_every_block_and_sum_to_one_in_the_encoder(net):
    routes = net.routes(pictures())

    assert set(routes) == {
        "encoder.0.0", "encoder.1.0", "encoder.2.0", "encoder.2.1", "decoder.0.0", "decoder.1.0", "refinement.0",
    }  # fmt: skip
    for name, route in routes.items():
        assert route.shape == (3, 3)
        if name.startswith("encoder"):
            torch.testing.assert_close(torch.ones(3), route.sum(dim=-1))
        else:
            assert (route > 0).sum(dim=-1).tolist() == [2, 2, 2]


def test_looking_at_routes_leaves_nothing_behind(net):
    net.routes(pictures())

    assert all(not module._forward_hooks for module in net.modules())


def test_a_network_without_routers_has_no_routes():
    assert build(replace(CONFIG, encoder="none", decoder="none"), seed=0).routes(pictures()) == {}


def test_noise_moves_the_result_in_training_and_not_in_evaluation():
    net = build(replace(CONFIG, noise_std=1.0), seed=0)
    noise = draw_noise(net, 3, torch.Generator().manual_seed(5))

    assert not torch.allclose(net.eval()(pictures()), net.train()(pictures(), noise))
    assert torch.equal(net.eval()(pictures()), net.eval()(pictures(), noise))


def test_routers_share_the_noise_out_without_overlap():
    net = build(replace(CONFIG, noise_std=1.0), seed=0)
    places = [module.place for module in net.modules() if isinstance(module, Router)]

    columns = [column for place in places for column in range(place.start, place.stop)]
    assert columns == list(range(net.noise_width))
    # 8 + 16 + 2 x 32 in the encoder, 16 + 16 in the decoder, 16 in the refinement
    assert net.noise_width == 136


def test_no_noise_is_drawn_where_none_is_asked_for(net):
    generator = torch.Generator().manual_seed(5)
    before = generator.get_state()

    assert draw_noise(net, 3, generator) is None
    assert torch.equal(before, generator.get_state())


def test_equal_seeds_give_equal_weights_and_others_do_not():
    one, same, other = (build(CONFIG, seed).state_dict() for seed in (0, 0, 1))

    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["stem.weight"], other["stem.weight"])


def test_building_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    build(CONFIG, seed=3)

    assert torch.equal(before, torch.get_rng_state())


def test_a_network_runs_on_the_meta_device():
    with torch.device("meta"):
        restored = UniRainNet(CONFIG)(torch.empty(1, 3, 19, 21))

    assert restored.shape == (1, 3, 19, 21)


def test_bf16_autocast_stays_near_float32(net):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = net(pictures())

    torch.testing.assert_close(net(pictures()), rounded.float(), rtol=0, atol=0.03)


def test_dense_dispatch_is_one_graph(net):
    explained = torch._dynamo.explain(net)(pictures())

    assert (explained.graph_count, explained.graph_break_count) == (1, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": (1,), "heads": (1,)}, "at least two"),
        ({"dim": 7}, "even"),
        ({"encoder_widths": ()}, "positive"),
        ({"decoder_widths": (0.5, 0.0)}, "positive"),
        ({"active": 4}, "active"),
    ],
)
def test_a_configuration_that_cannot_be_built_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **change)
