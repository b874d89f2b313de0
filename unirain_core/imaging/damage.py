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
    try:
        for start, end in jpeg_scans(content):
            if (fault := _restart_damage(content[start:end])) is not None:
                return fault
    except ValueError as error:
        return str(error)
    return None


def jpeg_scans(content: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of the data of each scan of a JPEG that is not cut.

    Raises:
        ValueError: a segment cannot stand where it does.
    """
    position, has_scan = 2, False
    while position + 4 <= len(content):
        if content[position] != 0xFF:
            raise ValueError(f"a marker is expected at byte {position:,}")
        marker = content[position + 1]
        if marker == 0xFF:  # fill bytes may precede a marker
            position += 1
            continue
        if marker == 0xD9:
            if not has_scan:
                raise ValueError("it ends before its first scan")
            return
        if has_scan and marker not in _AFTER_SCAN:
            raise ValueError(f"0xFF{marker:02X} at byte {position:,} cannot follow a scan")
        length = int.from_bytes(content[position + 2 : position + 4])
        if length < 2:
            raise ValueError(f"the segment at byte {position:,} has no length")
        position += 2 + length
        if marker == 0xDA:
            has_scan = True
            end = _MARKER.search(content, position)
            if end is None:
                return  # it is cut, and the decoder says so
            yield position, end.start()
            position = end.end() - 2


def _restart_damage(scan: bytes) -> str | None:
    """Restart markers count 0 to 7 and begin anew."""
    for place, marker in enumerate(_RESTART.finditer(scan)):
        if marker[1][0] - 0xD0 != place % 8:
            return f"restart marker {marker[1][0] - 0xD0} stands where {place % 8} is expected"
    return None


def _webp_damage(content: bytes) -> str | None:
    size = 8 + int.from_bytes(content[4:8], "little")
    for kind, _, end in riff_chunks(content):
        if end > size:
            return f"its part {kind.decode('latin-1')!r} ends at byte {end:,} of {size:,}"
    return None


def riff_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of the data of each chunk of a RIFF file."""
    size = 8 + int.from_bytes(content[4:8], "little")
    position = 12
    while position + 8 <= min(size, len(content)):
        end = position + 8 + int.from_bytes(content[position + 4 : position + 8], "little")
        yield content[position : position + 4], position + 8, end
        position = end + end % 2  # chunks begin at even bytes
