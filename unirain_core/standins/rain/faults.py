"""Faults of integrity, made on purpose: what the checks of integrity are there to find."""

from pathlib import Path

import numpy as np
from numpy.random import Generator

from unirain_core.artefacts.whole import naming
from unirain_core.imaging.codec import RgbImage

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{zeros}\nsize 187000\n".format(
    zeros="0" * 64
)
MARGIN = 8
"""Rows and columns that the clean picture of a size mismatch lacks."""


def spoilt(fault: str, rainy: RgbImage, clean: RgbImage, rng: Generator) -> tuple[RgbImage, RgbImage]:
    """The pair with the faults that show in its pixels; other faults leave it as it is.

    Args:
        fault: one of FAULTS, or empty.
        rainy: (H, W, 3) uint8.
        clean: (H, W, 3) uint8.
        rng: source of randomness.
    """
    match fault:
        case "misaligned":
            return rainy, _shifted(clean, rng)
        case "identical_pair":
            return clean, clean
        case "size_mismatch":
            return rainy, clean[:-MARGIN, :-MARGIN]
        case _:
            return rainy, clean


def spoil_files(fault: str, rainy: Path, clean: Path) -> None:
    """Faults that show in the files alone: a cut file, a pointer, a missing partner."""
    match fault:
        case "truncated":
            whole = rainy.read_bytes()
            with naming(rainy):
                rainy.write_bytes(whole[: len(whole) * 3 // 5])
        case "git_lfs_pointer":
            with naming(clean):
                clean.write_text(POINTER, encoding="utf-8")
        case "orphan":
            clean.unlink()


def _shifted(picture: RgbImage, rng: Generator) -> RgbImage:
    """Moved by 3 to 9 pixels down and across; what comes in mirrors the border."""
    height, width = picture.shape[:2]
    down, across = (int(rng.integers(3, 10)) for _ in range(2))
    padded = np.pad(picture, ((down, 0), (across, 0), (0, 0)), mode="reflect")
    return padded[:height, :width]
