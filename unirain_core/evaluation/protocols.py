"""Named, exact ways to compute PSNR and SSIM of a restored picture.

The authors' repository has two that disagree, and does not say which of them made the printed tables; figures of
two protocols never stand in one table.
"""

from typing import NamedTuple, assert_never

import numpy as np

from unirain_core.config.sections import ProtocolName
from unirain_core.imaging.codec import RgbImage, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.geometry import crop_to_multiple
from unirain_core.imaging.psnr import psnr
from unirain_core.imaging.ssim import gaussian_ssim, uniform_ssim


class Quality(NamedTuple):
    """How near a restored picture is to the clean one; larger is nearer."""

    psnr: float
    """dB."""
    ssim: float
    """-1 to 1."""


def unirain(restored: RgbImage, clean: RgbImage) -> Quality:
    """The authors' `cal_metrics.py` (pyiqa): on whole 8-bit pictures.

    PSNR over RGB jointly with 1e-8 added to the error, so that equal pictures score 80 dB. SSIM of the
    Y of YIQ, rounded to 0..255: 11 x 11 Gaussian window, contrast-structure term clamped at 0.

    Args:
        restored: (H, W, 3) uint8, both sides at least 11.
        clean: the same shape.
    """
    # float32 until it is rounded, as there: another order of summation moves values that end in .5
    restored_y, clean_y = (np.rint(luma(to_float(image)) * np.float32(255)) for image in (restored, clean))
    return Quality(psnr(restored, clean), float(gaussian_ssim(restored_y, clean_y, peak=255.0, clamp=True)))


def skimage_rgb(restored: RgbImage, clean: RgbImage) -> Quality:
    """scikit-image's defaults on RGB: PSNR over all channels jointly, SSIM with a 7 x 7 uniform window.

    Args:
        restored: (H, W, 3) uint8, both sides at least 7.
        clean: the same shape.

    Returns:
        Infinite PSNR for equal pictures.
    """
    channels = uniform_ssim(np.moveaxis(restored, 2, 0), np.moveaxis(clean, 2, 0), peak=255.0)
    return Quality(psnr(restored, clean, floor=0.0), float(channels.mean()))


def unirain_test(restored: RgbImage, clean: RgbImage) -> Quality:
    """The authors' `test.py`: as `skimage_rgb`, on the centre crop to multiples of 16.

    There the network sees the cropped picture (`prepared`) and its output is not rounded to 8 bits,
    which adds 0.01 to 0.02 dB.

    Args:
        restored: (H, W, 3) uint8, both sides at least 16.
        clean: the same shape.
    """
    return skimage_rgb(crop_to_multiple(restored, 16), crop_to_multiple(clean, 16))


def prepared(protocol: ProtocolName, image: RgbImage) -> RgbImage:
    """What of a picture the protocol lets the network see."""
    return crop_to_multiple(image, 16) if protocol == "unirain_test" else image


def measure(protocol: ProtocolName, restored: RgbImage, clean: RgbImage) -> Quality:
    """PSNR and SSIM by the protocol of this name."""
    match protocol:
        case "unirain":
            return unirain(restored, clean)
        case "unirain_test":
            return unirain_test(restored, clean)
        case "skimage_rgb":
            return skimage_rgb(restored, clean)
        case _:
            assert_never(protocol)
