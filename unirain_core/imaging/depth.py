"""Pictures of every mode and depth to RGB of 8 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unirain_core.errors import ItemError


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB of 8 bits; what is transparent becomes white, 16 bits are scaled.

    Raises:
        ItemError: `unreadable`: 32-bit values on no usual scale.
    """
    if image.mode.startswith(("I", "F")):  # Pillow clips such values at 255 when it converts them
        return Image.fromarray(_eight_bits(np.asarray(image), image.mode)).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _eight_bits(values: NDArray[Any], mode: str) -> NDArray[np.uint8]:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    scaled = values.astype(np.float32) * np.float32(255 / _white(low, high, mode))
    scaled = np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)  # a float picture may hold anything
    rounded: NDArray[np.uint8] = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
    return rounded


def _white(low: float, high: float, mode: str) -> float:
    """The value of white. A 32-bit file does not state it: of the usual scales it is the smallest that holds all values.

    Float pictures may overshoot a little, as filters make them do: up to twice the scale is clipped.

    >>> _white(0.0, 1.02, "F"), _white(0.0, 254.7, "F"), _white(0, 40_000, "I")
    (1.0, 255.0, 65535.0)
    """
    if mode.startswith("I;16"):
        return 65535.0
    scales, overshoot = ((1.0, 255.0, 65535.0), 2.0) if mode == "F" else ((255.0, 65535.0), 1.0)
    for white in scales:
        if high <= overshoot * white and low >= -white * (overshoot - 1):
            return white
    raise ItemError(
        "unreadable",
        f"its 32-bit values go from {low:g} to {high:g}, on no usual scale; save it with 8 or 16 bits",
    )
