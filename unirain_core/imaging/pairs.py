"""Pixels of listed pictures, whose files must be those that were listed."""

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.remote import Place
from unirain_core.artefacts.roots import Roots
from unirain_core.imaging.codec import RgbImage, read_rgb
from unirain_core.imaging.geometry import half_of, split_halves


def read(picture: Picture, roots: Roots) -> RgbImage:
    """The pixels of a picture, (H, W, 3) uint8.

    Raises:
        ChangedInputError: the file is gone, or its content is not what was listed.
        ItemError: this process cannot read or decode the file.
        OSError: the disk or the store does not answer.
    """
    pixels = read_rgb(roots.path(picture.root, picture.path), picture.content_hash)
    return pixels if picture.half is None else half_of(pixels, picture.half)


def read_both(rainy: Picture, clean: Picture, roots: Roots) -> tuple[RgbImage, RgbImage]:
    """As `read` of each; a file that holds both is decoded once."""
    if rainy.half is None or clean.half is None or rainy.whole != clean.whole:
        return read(rainy, roots), read(clean, roots)
    pixels = read(rainy.whole, roots)
    return half_of(pixels, rainy.half), half_of(pixels, clean.half)


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
