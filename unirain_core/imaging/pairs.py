"""A pair's two pictures from disk, which must be those that were listed."""

from unirain_core.artefacts.remote import Place
from unirain_core.imaging.codec import RgbImage, read_rgb
from unirain_core.imaging.geometry import split_halves


def read_pair(
    rainy: Place, clean: Place, halves: str | None, *, rainy_hash: str, clean_hash: str
) -> tuple[RgbImage, RgbImage]:
    """Rainy and clean picture, (H, W, 3) uint8 both.

    Args:
        rainy: file of the rainy picture, or of both.
        clean: file of the clean picture; not opened where `halves` says that one file holds both.
        halves: "left" or "right", the clean half; None where each picture has its own file.
        rainy_hash: `file_hash` of the rainy file when it was listed.
        clean_hash: the same of the clean file.

    Raises:
        ChangedInputError: a file is gone, or its content is not what was listed.
        ItemError: this process cannot read or decode a file.
    """
    first = read_rgb(rainy, rainy_hash)
    return (first, read_rgb(clean, clean_hash)) if halves is None else split_halves(first, halves)


def read_rainy(file: Place, halves: str | None, *, listed: str) -> RgbImage:
    """The rainy picture alone, (H, W, 3) uint8; arguments and errors as of `read_pair`."""
    pixels = read_rgb(file, listed)
    return pixels if halves is None else split_halves(pixels, halves)[0]
