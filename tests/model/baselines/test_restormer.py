import pytest
import torch
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from unirain_core.config.architectures import Restormer
from unirain_core.config.sections import Network
from unirain_core.model import network
from unirain_core.model.architecture import build
from unirain_core.model.baselines.restormer import TransposedAttention
from unirain_core.model.layout import channels_first, channels_last

CONFIG = Restormer(dim=8, blocks=(1, 2, 1), refinement=1, heads=(1, 2, 4), ffn_expansion=2.66)
SAME_AS_OURS = Network(
    dim=8, blocks=(1, 2, 1), refinement=1, heads=(1, 2, 4), ffn_expansion=2.66,
    encoder="none", decoder="none", encoder_widths=(1.0,), decoder_widths=(1.0,), active=1,
)  # fmt: skip


def pictures(batch=2, height=24, width=20):
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def net():
    """A network whose temperatures and norms are not all ones."""
    net = build(CONFIG, seed=0).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in net.named_parameters():
            if "temperature" in name or "norm" in name:
                weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.3)
    return net


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (33, 18), (24, 20)])
def test_a_picture_of_any_size_keeps_it(net, size):
    assert net(pictures(1, *size)).shape == (1, 3, *size)


def test_each_picture_is_restored_by_itself(net):
    together, apart = net(pictures()), torch.cat([net(picture) for picture in pictures().split(1)])

    torch.testing.assert_close(together, apart, rtol=0, atol=2e-6)


def test_a_head_of_zeros_returns_the_picture(net):
    torch.nn.init.zeros_(net.head.weight)

    assert torch.equal(pictures(), net(pictures()))


def test_attention_is_the_papers_formula():
    """Each head by itself: softmax(temperature * cosine of queries and keys) times values, channels by channels."""
    attention = TransposedAttention(6, heads=2).double()
    torch.nn.init.uniform_(attention.temperature, 0.5, 3.0, generator=torch.Generator().manual_seed(0))
    x = torch.rand(1, 6, 5, 4, generator=torch.Generator().manual_seed(1)).double()
    queries, keys, values = attention.local(attention.inward(x)).flatten(2)[0].split(6)
    rows = []
    for channel in range(6):
        mates = range(channel // 3 * 3, channel // 3 * 3 + 3)
        temperature = attention.temperature[channel // 3, 0, 0]
        cosines = [
            queries[channel] @ keys[mate] / (queries[channel].norm() * keys[mate].norm()) for mate in mates
        ]
        weights = (torch.stack(cosines) * temperature).softmax(dim=0)
        rows.append(weights @ values[list(mates)])
    expected = attention.outward(torch.stack(rows).reshape(1, 6, 5, 4))

    torch.testing.assert_close(expected, attention(x))


def as_ours(name, weight):
    """A weight under the name and in the shape that it has in our network without experts."""
    for theirs, ours in (("attention.inward", "attention.qkv"), ("attention.outward", "attention.out")):
        name = name.replace(theirs, ours)
    for part in ("down", "up"):  # a convolution and a shuffle there
        if name.startswith(part):
            name = name.replace(".0.weight", ".weight")
    if name.endswith("temperature"):
        return name, weight.flatten()
    is_pointwise = weight.ndim == 4 and weight.shape[2:] == (1, 1)
    return name, weight[:, :, 0, 0] if is_pointwise else weight


def test_our_network_without_experts_is_this_one(net, monkeypatch):
    """Written apart, channels last and with one Gram matrix for all heads; only the order of a shuffle differs."""
    monkeypatch.setattr(network, "fold", lambda x, f: channels_last(pixel_unshuffle(channels_first(x), f)))
    monkeypatch.setattr(network, "unfold", lambda x, f: channels_last(pixel_shuffle(channels_first(x), f)))
    ours = build(SAME_AS_OURS, seed=1).eval()
    ours.load_state_dict(dict(as_ours(name, weight) for name, weight in net.state_dict().items()))

    torch.testing.assert_close(ours(pictures()), net(pictures()), rtol=0, atol=1e-5)
    assert (net(pictures()) - pictures()).abs().max() > 0.05


def test_the_whole_network_is_one_graph(net):
    explained = torch._dynamo.explain(net)(pictures())

    assert (explained.graph_count, explained.graph_break_count) == (1, 0)
