"""Pixels of listed pictures, whose files must be those that were listed."""

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.imaging.codec import RgbImage, read_rgb
from unirain_core.imaging.geometry import half_of


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
