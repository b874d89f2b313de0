"""Damage that a tolerant decoder hides: the decoder and the data of a picture end at different places.

JPEG, WebP and AVIF carry no checksums, and Pillow hides the warnings of their decoders. But where the bytes of a sound file
end, its decoder is done: bytes after them are not used, and the last ones are. Damage in the middle sets the decoder
off its course, and it comes out elsewhere. Two or three further decodings show it.
"""

import io

from PIL import Image

from unirain_core.imaging.damage import jpeg_scans, riff_chunks
from unirain_core.imaging.formats import READ

_FORMATS = tuple(name for name in ("JPEG", "WEBP", "AVIF") if name in READ)

_FURTHER = b"\x55\xaa\x33\x66" * 4
"""Bytes that are laid behind a JPEG scan; none of them can be taken for a marker."""

_LAST_BYTES = 8
"""Last bytes whose change must show. Four are too few: one invisible block group at the border may fill them."""

_FILLINGS = (0x00, 0x55, 0xCC)
"""What the last bytes of a JPEG scan are replaced by; one of them must show."""


def hidden_damage(content: bytes) -> str | None:
    """What is wrong with the course of a JPEG's, WebP's or AVIF's data; None where nothing is to be seen.

    Args:
        content: of a file that can be decoded.
    """
    if content.startswith(b"\xff\xd8"):
        return _jpeg_damage(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp_damage(content)
    if content[4:12] == b"ftypavif":
        return _avif_damage(content)
    return None


def _jpeg_damage(content: bytes) -> str | None:
    whole = _pixels(content)
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        is_progressive = "progressive" in image.info
    for start, end in jpeg_scans(content):
        if _pixels(content[:end] + _FURTHER + content[end:]) != whole:
            return f"the scan at byte {start:,} ends before its picture does"
        if is_progressive:  # a change in a later scan may be too fine to show in any pixel
            continue
        used = start + len(content[start:end].rstrip(b"\0"))  # some cameras pad with zeros
        kept = max(start, used - _LAST_BYTES)
        changed = (content[:kept] + bytes([fill]) * (used - kept) + content[used:] for fill in _FILLINGS)
        if all(_pixels(other) == whole for other in changed):
            return f"the scan at byte {start:,} goes on after its picture has ended"
    return None


def _webp_damage(content: bytes) -> str | None:
    whole = _pixels(content)
    for kind, start, end in riff_chunks(content):
        if kind in (b"VP8 ", b"VP8L") and _pixels(_changed_before(content, start, end)) == whole:
            return f"the data at byte {start:,} go on after their picture has ended"
    return None


def _avif_damage(content: bytes) -> str | None:
    """Where the pixels end the file, as most encoders have it: its last bytes must be used."""
    head = content[:4096]
    if b"Exif" in head or b"mime" in head:  # then something else than pixels may end the file
        return None
    start = content.rfind(b"mdat") + 4
    if start - 8 + int.from_bytes(content[start - 8 : start - 4]) != len(content):
        return None
    if _pixels(_changed_before(content, start, len(content))) == _pixels(content):
        return f"the data at byte {start:,} go on after their picture has ended"
    return None


def _changed_before(content: bytes, start: int, end: int) -> bytes:
    """The content with other bytes before `end`, but not before `start`."""
    kept = max(start, end - 2 * _LAST_BYTES)
    return content[:kept] + bytes(byte ^ 0xA5 for byte in content[kept:end]) + content[end:]


def _pixels(content: bytes) -> bytes | None:
    """All pixels as they are stored; None where the decoder refuses them."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            return image.tobytes()
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError):
        return None
