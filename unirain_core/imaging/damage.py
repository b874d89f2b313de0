"""Damage that decoders pass over in silence: what the bytes of a picture file tell before it is decoded."""

import re
import zlib
from collections.abc import Iterator, Sequence

_PNG = b"\x89PNG\r\n\x1a\n"

_AFTER_SCAN = frozenset({0xC4, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)})
"""JPEG markers that may follow a scan: tables, comments, the next scan, the end."""

_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""The end of a scan: inside it 0xFF is followed by 0 or by a restart marker only."""

_RESTART = re.compile(rb"\xff([\xd0-\xd7])")


def damage(content: bytes) -> str | None:
    """What is broken in the bytes of a PNG, JPEG or WebP file; None where nothing is to be seen.

    PNG carries checksums, so that every change of its pixels is found. JPEG and WebP carry none: only their
    structure can be checked here.
    """
    if content.startswith(_PNG):
        return _png_damage(content)
    if content.startswith(b"\xff\xd8"):
        return _jpeg_damage(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp_damage(content)
    return None


def strips_damage(size: int, offsets: Sequence[int], counts: Sequence[int]) -> str | None:
    """What is wrong with the strips or tiles of a TIFF file.

    Args:
        size: of the file in bytes.
        offsets: where each strip begins.
        counts: bytes of each strip.

    >>> strips_damage(100, [8, 50], [42, 60])
    'strip 1 ends at byte 110 of 100'
    """
    if len(offsets) != len(counts):
        return f"{len(offsets)} strips have {len(counts)} lengths"
    for number, (offset, count) in enumerate(zip(offsets, counts, strict=True)):
        if offset + count > size:
            return f"strip {number} ends at byte {offset + count:,} of {size:,}"
    end = 0
    for offset, count in sorted(zip(offsets, counts, strict=True)):
        if count and offset < end:
            return f"two strips overlap at byte {offset:,}"
        end = offset + count
    return None


def _png_damage(content: bytes) -> str | None:
    """The first chunk that the pixels rest on and whose checksum is wrong."""
    position = len(_PNG)
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4])
        kind, end = content[position + 4 : position + 8], position + 8 + length
        if end + 4 > len(content):
            return None  # it is cut, and the decoder says so
        is_critical = not kind[0] & 0x20  # a capital letter: decoders may ignore all other chunks
        if is_critical and zlib.crc32(content[position + 4 : end]) != int.from_bytes(content[end : end + 4]):
            return f"the checksum of its part {kind.decode('latin-1')!r} at byte {position:,} is wrong"
        if kind == b"IEND":
            return None
        position = end + 4
    return None


def _jpeg_damage(content: bytes) -> str | None:
    """A segment or scan that cannot stand in a JPEG; whatever follows the end marker is another's (phones, MPO)."""
    position, has_scan = 2, False
    while position + 4 <= len(content):
        if content[position] != 0xFF:
            return f"a marker is expected at byte {position:,}"
        marker = content[position + 1]
        if marker == 0xFF:  # fill bytes may precede a marker
            position += 1
            continue
        if marker == 0xD9:
            return None if has_scan else "it ends before its first scan"
        if has_scan and marker not in _AFTER_SCAN:
            return f"0xFF{marker:02X} at byte {position:,} cannot follow a scan"
        length = int.from_bytes(content[position + 2 : position + 4])
        if length < 2:
            return f"the segment at byte {position:,} has no length"
        position += 2 + length
        if marker == 0xDA:
            has_scan = True
            end = _MARKER.search(content, position)
            if end is None:
                return None  # it is cut, and the decoder says so
            if (fault := _restart_damage(content[position : end.start()])) is not None:
                return fault
            position = end.end() - 2
    return None


def _restart_damage(scan: bytes) -> str | None:
    """Restart markers count 0 to 7 and begin anew."""
    for place, marker in enumerate(_RESTART.finditer(scan)):
        if marker[1][0] - 0xD0 != place % 8:
            return f"restart marker {marker[1][0] - 0xD0} stands where {place % 8} is expected"
    return None


def _webp_damage(content: bytes) -> str | None:
    end = 8 + int.from_bytes(content[4:8], "little")
    for kind, stop in _riff_chunks(content, end):
        if stop > end:
            return f"its part {kind.decode('latin-1')!r} ends at byte {stop:,} of {end:,}"
    return None


def _riff_chunks(content: bytes, end: int) -> Iterator[tuple[bytes, int]]:
    """Name and end of each chunk of a RIFF file."""
    position = 12
    while position + 8 <= min(end, len(content)):
        stop = position + 8 + int.from_bytes(content[position + 4 : position + 8], "little")
        yield content[position : position + 4], stop
        position = stop + stop % 2  # chunks begin at even bytes
