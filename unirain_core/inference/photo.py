"""One photo through a network."""

import torch

from unirain_core.imaging.codec import RgbImage, to_float, to_uint8
from unirain_core.model.network import UniRainNet


@torch.no_grad()
def derain(model: UniRainNet, image: RgbImage) -> RgbImage:
    """Remove the rain from a photo of any size.

    Args:
        model: a network, on any device; it is used as it is, so put it in evaluation mode.
        image: (H, W, 3) uint8 RGB.

    Returns:
        (H, W, 3) uint8 RGB: the restored picture, clipped and rounded to the nearest.
    """
    device = next(model.parameters()).device
    rainy = torch.from_numpy(to_float(image)).permute(2, 0, 1)[None].to(device)
    restored = model(rainy, sparse=True)
    return to_uint8(restored[0].permute(1, 2, 0).float().cpu().numpy())
