import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from unirain_core.model.layout import (
    Conv3x3,
    channels_first,
    channels_last,
    fold,
    reflect_to_multiple,
    unfold,
)


def test_fold_is_pixel_unshuffle_and_unfold_is_pixel_shuffle():
    image = torch.rand(2, 3, 4, 6)
    folded = channels_first(fold(channels_last(image), 2))

    assert torch.equal(functional.pixel_unshuffle(image, 2), folded)
    assert torch.equal(image, channels_first(unfold(channels_last(folded), 2)))


def test_convolution_agrees_with_the_channels_first_one():
    conv, image = Conv3x3(3, 5), torch.rand(1, 3, 4, 6)
    expected = functional.conv2d(image, conv.weight, padding=1)

    torch.testing.assert_close(expected, channels_first(conv(channels_last(image))))


@pytest.mark.parametrize(("height", "width"), [(9, 7), (5, 8), (12, 16)])
def test_growing_agrees_with_torch_where_torch_can(height, width):
    image = torch.rand(1, 3, height, width)
    expected = functional.pad(image, (0, -width % 4, 0, -height % 4), mode="reflect")

    assert torch.equal(expected, reflect_to_multiple(image, 4))


def test_growing_reflects_again_where_a_side_is_short():
    image = torch.tensor([[[[1.0, 2.0, 3.0]]]])

    assert reflect_to_multiple(image, 8)[0, 0, 0].tolist() == [1, 2, 3, 2, 1, 2, 3, 2]


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 16))
def test_growing_keeps_the_picture_and_reaches_a_multiple(height, width, multiple):
    image = torch.rand(1, 1, height, width)
    grown = reflect_to_multiple(image, multiple)

    assert [side % multiple for side in grown.shape[2:]] == [0, 0]
    assert torch.equal(image, grown[:, :, :height, :width])
