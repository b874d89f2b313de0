"""Picture files in and out: RGB uint8 arrays, whatever the file held."""

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from unirain_core.artefacts.remote import Place, Remote
from unirain_core.errors import ChangedInputError, ItemError
from unirain_core.imaging.damage import damage, strips_damage
from unirain_core.imaging.depth import to_rgb
from unirain_core.imaging.formats import HEAD, LFS_POINTER, READ, SUFFIXES, foreign_format
from unirain_core.imaging.strictness import hidden_damage

__all__ = ["LFS_POINTER", "SUFFIXES"]  # part of this module's contract, though they stand in `formats`


RgbImage = NDArray[np.uint8]
"""(H, W, 3) RGB, 0 to 255."""

MAX_SIDE = 65_535
"""The longest side that a JPEG can state, in pixels; no camera or dataset reaches it, a damaged header does."""

MAX_PIXELS = 100_000_000
"""Pixels of the largest photo that is read where params set no bound."""

MAX_BYTES = 1024**3
"""Size of the largest picture file that is read: above 100 million pixels of 16-bit RGB without compression."""

Image.MAX_IMAGE_PIXELS = None  # the bounds above are checked instead, from the header

_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    EOFError,
    struct.error,
    zlib.error,
)
"""Whatever Pillow's plugins raise of a damaged file, next to MemoryError (`benchmarks/fuzzed_pictures.py`)."""


class UnreadableError(ItemError):
    """A file that cannot be used as a picture; `reason` is one of the closed list of reasons."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture file says of itself before its pixels are decoded."""

    width: int
    height: int
    mode: str


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A decoded file."""

    mode: str
    """Stored mode."""
    pixels: RgbImage


def read_header(path: Path) -> Header:
    """Size (after EXIF rotation) and stored mode of a picture.

    Raises:
        UnreadableError: the file is no picture; see `decode`.
        OSError: the file is gone, or the disk does not answer.
    """
    try:
        with Image.open(path, formats=READ) as image:
            return _header(image)
    except _DECODER_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:  # Pillow's own have no number
            raise
        raise _unreadable(path.read_bytes(), error) from error


def read_file(path: Place, listed: str | None = None) -> bytes:
    """The bytes of a file, which must be those that were listed.

    Args:
        path: the file, on this machine or in a store.
        listed: its `file_hash` when it was listed; None: whatever stands there.

    Raises:
        ChangedInputError: the content is not what was listed, or the file is gone.
        ItemError: the file is larger than MAX_BYTES, or this user may not read it.
        OSError: the disk or store does not answer, or the store does not let this user in; without `listed` also a
            file that is gone.
    """
    try:
        content = _from_store(path) if isinstance(path, Remote) else _from_disk(path)
    except FileNotFoundError:
        if listed is None:
            raise
        raise _changed(path) from None
    if listed is not None and content_hash(content) != listed:
        raise _changed(path)
    return content


def _from_disk(path: Path) -> bytes:
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise ItemError("too_large", f"{path.name}: {size:,} bytes, at most {MAX_BYTES:,}")
        return path.read_bytes()
    except PermissionError:
        raise ItemError("unreadable", f"{path.name}: permission denied; run `chmod +r` on it") from None


def _from_store(file: Remote) -> bytes:
    """As `_from_disk`; a permission that is denied ends the stage, as credentials that expire deny all files."""
    content = file.read_bytes(MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise ItemError("too_large", f"{file.name}: more than {MAX_BYTES:,} bytes")
    return content


def _changed(path: Place) -> ChangedInputError:
    return ChangedInputError(
        f"{path} has changed since it was listed (or is gone); let whatever writes it end, then run `dvc repro`, "
        "which lists anew"
    )


def read_picture(
    path: Place, listed: str | None = None, *, max_pixels: int | None = None, strict: bool = False
) -> Decoded:
    """Decode exactly the bytes that were hashed; arguments and errors as of `read_file` and `decode`."""
    try:
        return decode(read_file(path, listed), max_pixels=max_pixels, strict=strict)
    except UnreadableError as error:
        raise UnreadableError(error.reason, f"{path.name}: {error.detail}") from None


def read_rgb(path: Place, listed: str | None = None, *, max_pixels: int | None = None) -> RgbImage:
    """As `read_picture`, the pixels alone: (H, W, 3) uint8, 0 to 255."""
    return read_picture(path, listed, max_pixels=max_pixels).pixels


def decode(content: bytes, *, max_pixels: int | None = None, strict: bool = False) -> Decoded:
    """Decode a picture to RGB, upright, alpha composed over white, 16 bits scaled to 8; of an animation the first.

    Args:
        content: of the file.
        max_pixels: more are not decoded; None: only MAX_SIDE is a bound.
        strict: look for hidden damage too, which decodes a JPEG some five times, a WebP or AVIF twice.

    Raises:
        UnreadableError: with reason `git_lfs_pointer`, `format_not_supported`, `too_large`, `truncated`, `damaged`
            or `unreadable`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd EXIF entries, which decide nothing here
            return _decoded(content, max_pixels, strict=strict)
    except ItemError as error:
        raise UnreadableError(error.reason, error.detail) from None
    except _DECODER_ERRORS as error:
        raise _unreadable(content, error) from error


def _decoded(content: bytes, max_pixels: int | None, *, strict: bool) -> Decoded:
    with Image.open(io.BytesIO(content), formats=READ) as image:
        header = _header(image)
        _demand_bearable(header, max_pixels)
        _demand_whole(content, image)
        upright = ImageOps.exif_transpose(image)
        if strict and (fault := hidden_damage(content)) is not None:
            raise ItemError("damaged", fault)
        return Decoded(header.mode, np.asarray(to_rgb(upright), dtype=np.uint8))


def _header(image: Image.Image) -> Header:
    width, height = image.size
    # Pillow decodes a whole PNG to look for EXIF behind its pixels, and turns the size of a TIFF itself.
    states_orientation = image.format != "TIFF" and (image.format != "PNG" or "exif" in image.info)
    if states_orientation and image.getexif().get(0x0112, 1) in (5, 6, 7, 8):  # rotated by 90 degrees
        width, height = height, width
    return Header(width=width, height=height, mode=image.mode)


def _demand_bearable(header: Header, max_pixels: int | None) -> None:
    size = f"{header.width:,} x {header.height:,} pixels"
    if max(header.width, header.height) > MAX_SIDE:
        raise ItemError("too_large", f"{size}, at most {MAX_SIDE:,} along a side")
    if max_pixels is not None and header.width * header.height > max_pixels:
        raise ItemError("too_large", f"{size}, at most {max_pixels:,} in all")


def _demand_whole(content: bytes, image: Image.Image) -> None:
    fault = damage(content)
    if fault is None and isinstance(image, TiffImagePlugin.TiffImageFile):
        offsets = image.tag_v2.get(273) or image.tag_v2.get(324) or ()  # StripOffsets, TileOffsets
        counts = image.tag_v2.get(279) or image.tag_v2.get(325) or ()  # StripByteCounts, TileByteCounts
        fault = strips_damage(len(content), offsets, counts) if counts else None
    if fault is not None:
        raise ItemError("damaged", fault)


def _unreadable(content: bytes, error: Exception) -> UnreadableError:
    """The reason for which Pillow refuses a file, as far as its two ends tell it."""
    head, tail = content[:HEAD], content[-HEAD:]
    if not head:
        return UnreadableError("unreadable", "the file is empty")
    if head.startswith(LFS_POINTER):
        return UnreadableError("git_lfs_pointer", "run `git lfs pull` where the dataset lies")
    if (name := foreign_format(head)) is not None:
        return UnreadableError("format_not_supported", f"it is {name}, which is not read; convert it to PNG")
    detail = "of no known format" if isinstance(error, UnidentifiedImageError) else str(error)
    if _is_cut(head, tail, len(content)) or "truncated" in detail:
        return UnreadableError("truncated", f"the file ends after {len(content):,} bytes")
    return UnreadableError("unreadable", detail or type(error).__name__)


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


def write_png(file: Path | BinaryIO, image: RgbImage) -> None:
    """Write RGB as PNG at compression level 1 (level 6 is 5% smaller and 3 times slower)."""
    Image.fromarray(image).save(file, format="PNG", compress_level=1)


def write_own_channels(file: Path | BinaryIO, image: RgbImage) -> None:
    """As `write_png`, with one channel where red, green and blue are equal in every pixel."""
    Image.fromarray(image[..., 0] if is_grey(image) else image).save(file, format="PNG", compress_level=1)


def is_grey(image: RgbImage) -> bool:
    """Whether red, green and blue are equal in every pixel of an (H, W, 3) picture."""
    return bool((image[..., :1] == image[..., 1:]).all())


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


def content_hash(content: bytes) -> str:
    """The `file_hash` of a file with this content."""
    return hashlib.sha256(content).hexdigest()[:32]


def pixel_hash(image: RgbImage) -> str:
    """SHA-256 of size and decoded pixels, 32 hex digits: equal for re-encoded lossless copies."""
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()[:32]
