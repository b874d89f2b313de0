"""Picture files in and out: RGB uint8 arrays, whatever the file held."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from unirain_core.errors import ItemError

RgbImage = NDArray[np.uint8]
"""(H, W, 3) RGB, 0 to 255."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
"""Suffixes of picture files, in lower case."""

LFS_POINTER = b"version https://git-lfs"

_PEEK = 64
"""Bytes at either end of a file that tell whether it is whole."""

Image.MAX_IMAGE_PIXELS = (
    None  # a stage bounds the size by the header before it decodes; a person's photo has no bound
)


class UnreadableError(ItemError):
    """A file that cannot be used as a picture; `reason` is one of the closed list of reasons."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture file says of itself before its pixels are decoded."""

    width: int
    height: int
    mode: str


def read_header(path: Path) -> Header:
    """Size (after EXIF rotation) and stored mode of a picture.

    Raises:
        UnreadableError: with reason `git_lfs_pointer`, `truncated` or `unreadable`.
        OSError: the file is gone, or the disk does not answer.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            # PIL decodes a whole PNG to look for EXIF behind its pixels
            exif = image.getexif() if image.format != "PNG" or "exif" in image.info else {}
            if exif.get(0x0112, 1) in (5, 6, 7, 8):  # orientation: rotated by 90 degrees
                width, height = height, width
            return Header(width=width, height=height, mode=image.mode)
    except (OSError, SyntaxError, ValueError) as error:
        raise _unreadable(path, error) from error


def read_rgb(path: Path) -> RgbImage:
    """Decode a picture to RGB, upright, alpha composed over white, 16 bits scaled to 8.

    Returns:
        (H, W, 3) uint8, 0 to 255.

    Raises:
        UnreadableError: with reason `git_lfs_pointer`, `truncated` or `unreadable`.
        OSError: the file is gone, or the disk does not answer.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            return np.asarray(_to_rgb(upright), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Exception:
    """What is wrong with a file that PIL refuses: the disk's own error, or a reason that its two ends give."""
    if isinstance(error, OSError) and error.errno is not None:  # PIL's own have no number
        return error
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_PEEK)
        file.seek(max(0, size - _PEEK))
        tail = file.read()
    if not head:
        return UnreadableError("unreadable", "the file is empty")
    if head.startswith(LFS_POINTER):
        return UnreadableError("git_lfs_pointer", "run `git lfs pull` where the dataset lies")
    detail = "of no known format" if isinstance(error, UnidentifiedImageError) else str(error)
    if _is_cut(head, tail, size) or "truncated" in detail:
        return UnreadableError("truncated", f"the file ends after {size:,} bytes")
    return UnreadableError("unreadable", detail)


def _is_cut(head: bytes, tail: bytes, size: int) -> bool:
    """Whether the mark is missing that ends a file of its format, or the size that its head names."""
    if head.startswith(b"\x89PNG"):
        return b"IEND" not in tail
    if head.startswith(b"\xff\xd8"):
        return not tail.rstrip(b"\0").endswith(b"\xff\xd9")
    if head.startswith(b"RIFF"):
        return size < 8 + int.from_bytes(head[4:8], "little")
    if head.startswith((b"II*\0", b"MM\0*")):  # TIFF: where the directory stands
        return size < int.from_bytes(head[4:8], "little" if head.startswith(b"II") else "big")
    return head.startswith(b"BM") and size < int.from_bytes(head[2:6], "little")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16-bit grey: PIL clips at 255 when it converts
        values: NDArray[Any] = np.asarray(image, dtype=np.float64)
        scaled = np.clip(values / 257.0 if image.mode.startswith("I") else values * 255.0, 0, 255)
        scaled = np.nan_to_num(scaled)  # a float picture may hold anything
        return Image.fromarray(np.rint(scaled).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def write_png(file: Path | BinaryIO, image: RgbImage) -> None:
    """Write RGB as PNG at compression level 1 (level 6 is 5% smaller and 3 times slower)."""
    Image.fromarray(image).save(file, format="PNG", compress_level=1)


def to_float(image: RgbImage) -> NDArray[np.float32]:
    """(H, W, 3) uint8 to float32 in [0, 1]."""
    return image.astype(np.float32) / np.float32(255)


def to_uint8(image: NDArray[np.floating[Any]]) -> RgbImage:
    """Float in [0, 1], clipped and rounded to the nearest of 0 to 255."""
    rounded: RgbImage = np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)
    return rounded


def file_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, 32 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def pixel_hash(image: RgbImage) -> str:
    """SHA-256 of size and decoded pixels, 32 hex digits: equal for re-encoded lossless copies."""
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()[:32]
