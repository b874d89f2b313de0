import pytest

from unirain_core.model.experts import Expert, channel_heads, channel_owners, share_out


def test_the_papers_first_level_has_one_head_each():
    experts = share_out(48, 1, (0.125, 0.25, 0.5))

    assert experts == (Expert(6, 1), Expert(12, 1), Expert(24, 1))


def test_the_papers_deepest_level_shares_eight_heads_by_width():
    experts = share_out(384, 8, (0.125, 0.25, 0.5))

    assert experts == (Expert(48, 1), Expert(96, 2), Expert(192, 4))


def test_heads_give_way_where_they_do_not_divide_the_width():
    assert share_out(10, 3, (1.0,)) == (Expert(10, 2),)


def test_a_share_too_small_for_a_channel_gets_one():
    assert share_out(4, 1, (0.01,)) == (Expert(1, 1),)


@pytest.mark.parametrize("channels", [16, 48, 96, 384])
def test_every_channel_has_one_owner_and_heads_never_cross_owners(channels):
    experts = share_out(channels, 8, (0.125, 0.25, 0.5))
    owners, heads = channel_owners(experts), channel_heads(experts)

    assert len(owners) == len(heads) == sum(expert.width for expert in experts)
    assert len(set(zip(heads, owners, strict=True))) == sum(expert.heads for expert in experts)
