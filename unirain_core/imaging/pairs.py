"""A pair's two pictures from disk."""

from pathlib import Path

from unirain_core.errors import ArtefactError
from unirain_core.imaging.codec import RgbImage, Unreadable, read_rgb
from unirain_core.imaging.geometry import split_halves


def read_pair(rainy: Path, clean: Path, halves: str | None) -> tuple[RgbImage, RgbImage]:
    """Rainy and clean picture, (H, W, 3) uint8 both.

    Args:
        rainy: file of the rainy picture, or of both.
        clean: file of the clean picture; not opened where `halves` says that one file holds both.
        halves: "left" or "right", the clean half; None where each picture has its own file.

    Raises:
        ArtefactError: a file is gone or unreadable, though it was sound when the pairs were verified.
    """
    try:
        first = read_rgb(rainy)
        return (first, read_rgb(clean)) if halves is None else split_halves(first, halves)
    except (Unreadable, FileNotFoundError) as error:
        raise ArtefactError(
            f"{rainy}, or its clean picture {clean}, cannot be read ({error}): the dataset has changed since its "
            "pairs were verified; run `dvc repro`"
        ) from None
