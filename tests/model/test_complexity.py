import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from unirain_core.config.architectures import Restormer
from unirain_core.config.sections import Network
from unirain_core.model.architecture import build
from unirain_core.model.complexity import complexity
from unirain_core.model.mixture import MixtureAttention
from unirain_core.model.network import UniRainNet
from unirain_core.model.routing import Router

PAPER = Network(dim=48, blocks=(4, 6, 6, 8), refinement=4, heads=(1, 2, 4, 8), ffn_expansion=2.5)
RESTORMER = Restormer(dim=48, blocks=(4, 6, 6, 8), refinement=4, heads=(1, 2, 4, 8), ffn_expansion=2.66)
RESTORMER_AS_OURS = Network(
    dim=48, blocks=(4, 6, 6, 8), refinement=4, heads=(1, 2, 4, 8), ffn_expansion=2.66,
    encoder="none", decoder="none", encoder_widths=(1.0,), decoder_widths=(1.0,), active=1,
)  # fmt: skip
SMALL = Network(dim=8, blocks=(1, 1, 2), refinement=1, heads=(1, 2, 4), ffn_expansion=2.0, shuffle=2)


def test_the_paper_profile_has_the_papers_size():
    counted = complexity(PAPER)

    assert counted.layer_parameters == 24_304_824
    assert round(counted.widest_macs / 1e9, 3) == 126.932
    assert round(counted.narrowest_macs / 1e9, 2) == 116.31
    assert round(counted.dense_macs / 1e9, 2) == 130.47


@pytest.mark.parametrize("config", [RESTORMER, RESTORMER_AS_OURS], ids=["layer by layer", "from its weights"])
def test_restormer_has_its_published_size(config):
    counted = complexity(config)

    assert counted.layer_parameters == 26_096_544
    assert counted.parameters == 26_126_644
    assert counted.dense_macs == counted.widest_macs == counted.narrowest_macs == 140_990_496_768


def test_the_convolutions_of_a_baseline_agree_with_torchs_own_counter():
    config = Restormer(dim=8, blocks=(1, 1, 2), refinement=1, heads=(1, 2, 4), ffn_expansion=2.0)
    with torch.device("meta"):
        net, picture = build(config, seed=0), torch.empty(1, 3, 32, 48)
    with FlopCounterMode(display=False) as counter:
        net(picture)
    operations = counter.get_flop_counts()["Global"][torch.ops.aten.convolution]

    assert operations == 2 * complexity(config, 32, 48).dense_macs
    assert complexity(config, 31, 41) == complexity(config, 32, 44)


def test_without_top_k_routes_all_experts_count():
    counted = complexity(
        Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 1), ffn_expansion=2.0, decoder="soft")
    )

    assert counted.dense_macs == counted.widest_macs == counted.narrowest_macs


def test_top_k_of_all_experts_costs_the_dense_work():
    config = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 1), ffn_expansion=2.0, active=3)
    counted = complexity(config)

    assert counted.dense_macs == counted.widest_macs == counted.narrowest_macs


def test_dense_work_agrees_with_torchs_own_counter():
    with torch.device("meta"):
        net, picture = UniRainNet(SMALL), torch.empty(1, 3, 32, 48)
    attention = 0  # Gram matrix, folded projection and the surplus of projecting the values at once
    for name, module in net.named_modules():
        if isinstance(module, MixtureAttention):
            width, channels = module.out.in_features, module.out.out_features
            level = int(name.split(".")[1]) if not name.startswith("refinement") else 0
            attention += width * width * (32 * 48 // 4 // 4**level) + channels * width * width
    routers = sum(module.projection.weight.numel() for module in net.modules() if isinstance(module, Router))
    with FlopCounterMode(display=False) as counter:
        net(picture)

    # two operations a multiply-add; routers are an elementwise product there
    assert counter.get_total_flops() == 2 * (complexity(SMALL, 32, 48).dense_macs - routers + attention)


def test_a_size_that_is_padded_costs_what_the_padded_one_does():
    assert complexity(SMALL, 31, 41) == complexity(SMALL, 32, 48)
