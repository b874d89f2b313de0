import numpy as np
import pytest
import torch

from unirain_core.config.sections import Network
from unirain_core.inference.photo import derain
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
