import torch

from unirain_core.model.attention import ExpertBank, channel_attention
from unirain_core.model.experts import Expert, channel_heads, channel_owners

EXPERTS = (Expert(2, 1), Expert(4, 2))


def bank(channels=5):
    draw = torch.Generator().manual_seed(0)

    def weights(*shape):
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    return ExpertBank(
        qkv=weights(3, 6, channels),
        local=weights(3, 6, 1, 3, 3),
        out=weights(channels, 6),
        temperature=weights(3),
        head=torch.tensor(channel_heads(EXPERTS)),
        owner=torch.tensor(channel_owners(EXPERTS)),
    )


def features(batch=2):
    return torch.randn(batch, 4, 3, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_each_row_of_a_map_sums_to_one():
    maps, _ = channel_attention(features(), bank())

    torch.testing.assert_close(torch.ones(2, 6, dtype=torch.float64), maps.sum(dim=-1))


def test_heads_do_not_see_each_other():
    maps, _ = channel_attention(features(), bank())
    strangers = torch.tensor(channel_heads(EXPERTS))[:, None] != torch.tensor(channel_heads(EXPERTS))

    assert torch.count_nonzero(maps[:, strangers]) == 0
    assert torch.count_nonzero(maps[:, ~strangers]) == 2 * (4 + 4 + 4)


def test_maps_do_not_depend_on_the_scale_of_the_features():
    maps, _ = channel_attention(features(), bank())

    torch.testing.assert_close(maps, channel_attention(1000.0 * features(), bank())[0])


def test_a_black_picture_gives_finite_maps_and_gradients():
    x = torch.zeros(1, 4, 3, 5, dtype=torch.float64, requires_grad=True)
    maps, values = channel_attention(x, bank())
    (gradient,) = torch.autograd.grad(maps.sum() + values.sum(), x)

    assert torch.isfinite(maps).all()
    assert torch.isfinite(gradient).all()


def test_a_part_of_a_bank_attends_as_it_does_within_the_whole():
    whole, (maps, values) = bank(), channel_attention(features(), bank())
    second = torch.tensor([2, 3, 4, 5])
    part_maps, part_values = channel_attention(features(), whole.only(second))

    torch.testing.assert_close(maps[:, 2:, 2:], part_maps)
    torch.testing.assert_close(values[:, :, 2:], part_values)
