import numpy as np
import pytest
import torch

from unirain_core.config.sections import Network
from unirain_core.imaging.codec import is_grey
from unirain_core.inference.photo import derain, grey
from unirain_core.model.architecture import build

CONFIG = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, shuffle=2)


def photo(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def net():
    return build(CONFIG, seed=0).eval()


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (33, 18)])
def test_a_photo_keeps_its_size_and_type(net, size):
    restored = derain(net, photo(*size))

    assert restored.shape == (*size, 3)
    assert restored.dtype == np.uint8


def test_a_network_without_correction_returns_the_photo_exactly():
    net = build(CONFIG, seed=0).eval()
    torch.nn.init.zeros_(net.head.weight)

    np.testing.assert_array_equal(photo(33, 18), derain(net, photo(33, 18)))


def test_the_result_is_the_dense_network_clipped_and_rounded(net):
    rainy = torch.from_numpy(photo(32, 16)).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        expected = (net(rainy)[0].clamp(0, 1) * 255).permute(1, 2, 0).numpy()

    np.testing.assert_allclose(derain(net, photo(32, 16)), expected, rtol=0, atol=0.501)


def test_nothing_is_kept_for_gradients(net):
    keeps: list[bool] = []
    hook = net.register_forward_hook(lambda _net, _inputs, output: keeps.append(output.requires_grad))
    derain(net, photo(8, 8))
    hook.remove()

    assert keeps == [False]


def test_a_large_photo_goes_through_in_tiles_and_an_identity_leaves_no_seam():
    net = build(CONFIG, seed=0).eval()
    torch.nn.init.zeros_(net.head.weight)
    image = photo(300, 420)

    np.testing.assert_array_equal(image, derain(net, image, whole_pixels=1000, tile=160))


@pytest.mark.parametrize("size", [(129, 64), (40, 500), (128, 300)])
def test_tiles_cover_every_shape(net, size):
    restored = derain(net, photo(*size), whole_pixels=100, tile=128)

    assert restored.shape == (*size, 3)


def test_up_to_the_bound_a_photo_goes_through_whole(net):
    image = photo(64, 48)

    np.testing.assert_array_equal(derain(net, image), derain(net, image, whole_pixels=64 * 48, tile=32))


def test_a_grey_photo_stays_grey_exactly_and_colour_is_not_touched(net):
    shades = photo(40, 30)[..., :1]
    colour = photo(40, 30)

    restored = derain(net, np.repeat(shades, 3, axis=2))
    assert (restored == restored[..., :1]).all()
    assert not (derain(net, colour) == derain(net, colour)[..., :1]).all()


def test_the_grey_of_a_pixel_is_the_mean_of_its_channels():
    assert grey(np.array([[[10, 20, 31], [255, 255, 255]]], np.uint8)).tolist() == [[[20] * 3, [255] * 3]]
    assert is_grey(np.zeros((1, 2, 3), np.uint8))
    assert not is_grey(np.array([[[1, 1, 2]]], np.uint8))


def test_a_grey_photo_in_tiles_stays_grey_too(net):
    shades = np.repeat(photo(200, 180)[..., :1], 3, axis=2)
    restored = derain(net, shades, whole_pixels=1, tile=160)

    assert is_grey(restored)
