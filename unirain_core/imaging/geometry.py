"""Where pictures lie: shift between two of them, sizes, crops."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fft

from unirain_core.imaging.codec import RgbImage


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the phase correlation of two pictures has its peak."""

    down: int
    """Pixels that the second picture lies below the first."""
    right: int
    """Pixels that the second picture lies to the right of the first."""
    peak: float
    """Height of the peak: 1 for equal pictures, near 0 for two unrelated ones."""

    @property
    def offset(self) -> int:
        """Larger of the two distances, in pixels."""
        return max(abs(self.down), abs(self.right))


def phase_correlation(first: NDArray[np.floating[Any]], second: NDArray[np.floating[Any]]) -> Shift:
    """Shift of the second luma against the first, whatever their brightness and contrast.

    Means are removed, a Hann window is laid over both, the cross spectrum is whitened.

    Args:
        first: (H, W) luma.
        second: the same shape.

    Raises:
        ValueError: the shapes differ.

    >>> picture = np.random.default_rng(0).random((64, 64))
    >>> shift = phase_correlation(picture, np.roll(picture, (3, -2), axis=(0, 1)))
    >>> shift.down, shift.right
    (3, -2)
    """
    if first.shape != second.shape:
        raise ValueError(f"shapes differ: {first.shape} and {second.shape}")
    window = (np.hanning(first.shape[0])[:, None] * np.hanning(first.shape[1])).astype(first.dtype)
    spectra = [fft.rfft2((x - x.mean()) * window) for x in (first, second)]
    cross = np.conj(spectra[0]) * spectra[1]
    size = np.abs(cross)
    # Frequencies without energy carry no phase: they count as unrelated instead of dividing by 0.
    white = np.divide(cross, size, out=np.zeros_like(cross), where=size > 1e-12 * max(size.max(), 1e-300))
    surface = fft.irfft2(white, s=first.shape)
    row, column = np.unravel_index(int(np.argmax(surface)), surface.shape)
    height, width = first.shape
    return Shift(
        down=int(row) - height * (2 * int(row) > height),
        right=int(column) - width * (2 * int(column) > width),
        peak=float(surface[row, column]),
    )


def resize(image: RgbImage, height: int, width: int) -> RgbImage:
    """Resize with antialias (Lanczos over the whole support), rounded to 8 bits.

    Args:
        image: (H, W, 3) or (H, W) uint8.
        height: of the result, in pixels.
        width: of the result, in pixels.
    """
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(resized, dtype=np.uint8)


def resize_luma(image: NDArray[np.floating[Any]], height: int, width: int) -> NDArray[np.float32]:
    """Resize (H, W) float with antialias (Lanczos), without rounding or clipping."""
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS), dtype=np.float32)


def crop_to_multiple(image: RgbImage, base: int) -> RgbImage:
    """Centre crop of (H, W, ...) to the largest multiples of `base`; odd rests fall to the far sides.

    >>> crop_to_multiple(np.zeros((35, 48, 3), np.uint8), 16).shape
    (32, 48, 3)
    """
    height, width = (side - side % base for side in image.shape[:2])
    top, left = (side % base // 2 for side in image.shape[:2])
    return image[top : top + height, left : left + width]


def split_halves(image: RgbImage, clean: str) -> tuple[RgbImage, RgbImage]:
    """Rainy and clean side of a picture that holds both side by side; an odd column in the middle is left out.

    Args:
        image: (H, W, 3).
        clean: "left" or "right", where the clean side is.

    >>> rainy, clean = split_halves(np.arange(5)[None, :, None].repeat(3, axis=2).astype(np.uint8), "left")
    >>> rainy[0, :, 0].tolist(), clean[0, :, 0].tolist()
    ([3, 4], [0, 1])
    """
    match clean:
        case "left":
            return half_of(image, "right"), half_of(image, "left")
        case "right":
            return half_of(image, "left"), half_of(image, "right")
        case _:
            raise ValueError(f"clean must be left or right, found {clean!r}")


def half_of(image: RgbImage, side: str) -> RgbImage:
    """The left or right half of a picture; an odd column in the middle is in neither.

    >>> half_of(np.arange(5)[None, :, None].repeat(3, axis=2).astype(np.uint8), "right")[0, :, 0].tolist()
    [3, 4]
    """
    width = image.shape[1] // 2
    match side:
        case "left":
            return image[:, :width]
        case "right":
            return image[:, image.shape[1] - width :]
        case _:
            raise ValueError(f"a half is left or right, found {side!r}")
