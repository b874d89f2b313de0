"""Formats of picture files: which are read, and the name of one that is not."""

import re

from PIL import Image, features

Image.init()

READ = tuple(
    name
    for name in ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "AVIF")
    if name != "AVIF" or features.check("avif")
)
"""Formats that Pillow may decode here (`JPEG` includes MPO). Its other plugins stay closed: EPS starts a program."""

SUFFIXES = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".bmp",
        ".tif",
        ".tiff",
        ".webp",
        ".gif",
        ".avif",
        ".heic",
        ".heif",
    }
)
"""Suffixes of picture files, in lower case. HEIC is among them so that such a file is listed and called by its name."""

LFS_POINTER = b"version https://git-lfs"

HEAD = 64
"""Bytes at the beginning of a file that tell its format."""

_NAMES: tuple[tuple[bytes, str], ...] = (
    (rb"....ftyp(hei|hev|mif1|msf1)", "HEIC"),
    (rb"....ftypcrx", "a camera's raw file"),
    (rb"(%!PS|\xc5\xd0\xd3\xc6)", "EPS"),
    (rb"%PDF", "PDF"),
    (rb"8BPS", "Photoshop (PSD)"),
    (rb"DDS ", "DDS"),
    (rb"icns", "ICNS"),
    (rb"qoif", "QOI"),
    (rb"(\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51)", "JPEG 2000"),
    (rb"(\x00\x00\x00\x0cJXL |\xff\x0a)", "JPEG XL"),
    (rb"(DanM|LinS)", "MSP"),
    (rb"P[1-7]\s", "PNM"),
    (rb"v/1\x01", "OpenEXR"),
    (rb"#\?RADIANCE", "Radiance HDR"),
    (rb"\x00\x00[\x01\x02]\x00", "an icon (ICO)"),
    (rb"II\x2b\x00|MM\x00\x2b", "BigTIFF"),
    (rb"(<\?xml|<svg)", "SVG or another XML file"),
    (rb"(?i)\s*<(!doctype )?html", "a web page"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"Rar!", "a RAR archive"),
    (rb"\x1f\x8b", "a gzip archive"),
)
"""First bytes of formats that are not read, with the name that a person knows."""


def foreign_format(head: bytes) -> str | None:
    """The name of the format that a file really has, where it is one that is not read.

    >>> foreign_format(b"%!PS-Adobe-3.0 EPSF-3.0")
    'EPS'
    """
    for pattern, name in _NAMES:
        if re.match(pattern, head, re.DOTALL):
            is_avif = name == "HEIC" and b"avif" in head  # both are HEIF containers
            return None if is_avif and "AVIF" in READ else name
    return None
