"""A pair's two pictures from disk."""

from pathlib import Path

from unirain_core.errors import ArtefactError
from unirain_core.imaging.codec import RgbImage, UnreadableError, read_rgb
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
    first = _read(rainy)
    return (first, _read(clean)) if halves is None else split_halves(first, halves)


def read_rainy(file: Path, halves: str | None) -> RgbImage:
    """The rainy picture alone, (H, W, 3) uint8; arguments and errors as of `read_pair`."""
    return _read(file) if halves is None else split_halves(_read(file), halves)[0]


def _read(file: Path) -> RgbImage:
    try:
        return read_rgb(file)
    except (UnreadableError, FileNotFoundError) as error:
        raise ArtefactError(
            f"{file} cannot be read ({error}): its dataset has changed since it was verified; run `dvc repro`"
        ) from None
