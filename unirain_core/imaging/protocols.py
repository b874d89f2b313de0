"""Named, exact ways to compute PSNR and SSIM of a restored picture.

`unirain`: the authors' `cal_metrics.py` (pyiqa), on whole 8-bit pictures.
`skimage_rgb`: scikit-image's defaults on RGB.
`unirain_test`: the authors' `test.py`, as `skimage_rgb` on the centre crop to multiples of 16. There the network sees
the cropped picture (`prepared`) and its output is not rounded to 8 bits, which adds 0.01 to 0.02 dB.

The authors' repository does not say which of its two ways made the printed tables, and they disagree: figures of two
protocols never stand in one table.
"""

from typing import assert_never

import numpy as np

from unirain_core.config.sections import ProtocolName
from unirain_core.imaging.codec import RgbImage, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.geometry import crop_to_multiple
from unirain_core.imaging.psnr import psnr
from unirain_core.imaging.ssim import gaussian_ssim, uniform_ssim

_MULTIPLE = 16
"""`unirain_test` crops the sides to multiples of this."""


def prepared(protocol: ProtocolName, image: RgbImage) -> RgbImage:
    """The part of a picture that the protocol lets the network see."""
    return crop_to_multiple(image, _MULTIPLE) if protocol == "unirain_test" else image


def psnr_by(protocol: ProtocolName, restored: RgbImage, clean: RgbImage) -> float:
    """PSNR in dB over RGB jointly; larger is nearer.

    `unirain` adds 1e-8 to the error, so that equal pictures score 80 dB; by the others they score infinity.

    Args:
        protocol: name of the way.
        restored: (H, W, 3) uint8.
        clean: the same shape.
    """
    match protocol:
        case "unirain":
            return psnr(restored, clean)
        case "skimage_rgb" | "unirain_test":
            return psnr(prepared(protocol, restored), prepared(protocol, clean), floor=0.0)
        case _:
            assert_never(protocol)


def ssim_by(protocol: ProtocolName, restored: RgbImage, clean: RgbImage) -> float:
    """SSIM from -1 to 1; larger is nearer.

    Args:
        protocol: name of the way.
        restored: (H, W, 3) uint8, both sides at least the window's: 11 for `unirain`, 7 for `skimage_rgb`, 16 for
            `unirain_test`.
        clean: the same shape.
    """
    match protocol:
        case "unirain":
            return _luma_ssim(restored, clean)
        case "skimage_rgb" | "unirain_test":
            return _channel_ssim(prepared(protocol, restored), prepared(protocol, clean))
        case _:
            assert_never(protocol)


def _luma_ssim(restored: RgbImage, clean: RgbImage) -> float:
    """SSIM of the Y of YIQ, rounded to 0..255: 11 x 11 Gaussian window, contrast-structure term clamped at 0."""
    # float32 until it is rounded, as there: another order of summation moves values that end in .5
    restored_y, clean_y = (np.rint(luma(to_float(image)) * np.float32(255)) for image in (restored, clean))
    return float(gaussian_ssim(restored_y, clean_y, peak=255.0, clamp=True))


def _channel_ssim(restored: RgbImage, clean: RgbImage) -> float:
    """Mean over the channels of SSIM with a 7 x 7 uniform window."""
    channels = uniform_ssim(np.moveaxis(restored, 2, 0), np.moveaxis(clean, 2, 0), peak=255.0)
    return float(channels.mean())
