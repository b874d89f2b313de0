"""Peak signal-to-noise ratio of 8-bit pictures."""

import numpy as np

from unirain_core.imaging.codec import RgbImage

MSE_FLOOR = 1e-8
"""What pyiqa adds to the mean squared error on [0, 1]: equal pictures score 80 dB."""


def psnr(restored: RgbImage, clean: RgbImage, *, floor: float = MSE_FLOOR) -> float:
    """PSNR in dB over all pixels and channels jointly, peak 255; larger is better.

    Args:
        restored: (H, W, 3) or (H, W) uint8.
        clean: the same shape, uint8.
        floor: added to the mean squared error on [0, 1]; 0 gives the textbook's PSNR, infinite for
            equal pictures (scikit-image).

    Raises:
        ValueError: the shapes differ.

    >>> psnr(np.full((2, 2), 255, np.uint8), np.zeros((2, 2), np.uint8), floor=0.0)
    0.0
    >>> round(psnr(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8)), 6)
    80.0
    """
    if restored.shape != clean.shape:
        raise ValueError(f"shapes differ: restored {restored.shape}, clean {clean.shape}")
    difference = restored.astype(np.int32) - clean.astype(np.int32)
    error = float(np.mean(np.square(difference), dtype=np.float64)) / 255.0**2 + floor
    return float("inf") if error == 0.0 else 10.0 * float(np.log10(1.0 / error)) + 0.0
