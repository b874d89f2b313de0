"""Properties of a picture file that an 8-bit RGB picture without metadata cannot keep."""

import warnings
from pathlib import Path

from PIL import Image

from unirain_core.imaging.formats import READ

_ORIENTATION = 0x0112
"""EXIF tag of the orientation, which decoding applies: the picture keeps it by standing upright."""
_OF_A_CAMERA = 0x8769
"""Tag of the directory that holds a camera's settings."""


def unkept(path: Path) -> tuple[str, ...]:
    """Names of what is lost when the file is decoded to RGB and written as PNG; nothing of a file that cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd EXIF entries
            with Image.open(path, formats=READ) as image:
                return _unkept(image)
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        RuntimeError,
        LookupError,
    ):  # decoding says what is wrong
        return ()


def _unkept(image: Image.Image) -> tuple[str, ...]:
    lost: list[str] = []
    if "A" in image.getbands() or "transparency" in image.info:
        lost.append("transparency")
    if image.mode.startswith(("I", "F")):  # stored with more bits; of 16-bit RGB Pillow itself keeps 8
        lost.append("more than 8 bits")
    if image.info.get("icc_profile"):
        lost.append("ICC profile")
    if _has_exif(image):
        lost.append("EXIF")
    if getattr(image, "n_frames", 1) > 1:
        lost.append("further frames")
    return tuple(lost)


def _has_exif(image: Image.Image) -> bool:
    told = image.getexif()
    if (
        image.format == "TIFF"
    ):  # its own tags, such as its size, look like EXIF; a camera's stand below one of them
        return bool(told.get_ifd(_OF_A_CAMERA))
    return any(tag != _ORIENTATION for tag in told)
