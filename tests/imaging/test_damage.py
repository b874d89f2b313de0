"""Damage that decoders pass over is found; sound files of every kind are not touched."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile
from skimage import data

from unirain_core.imaging.codec import UnreadableError, decode

PHOTO = data.astronaut()[:200, :301]  # an odd side: blocks at the border are only partly seen
KINDS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 80},
    "JPEG, all colours": {"quality": 90, "subsampling": 0},
    "JPEG, progressive": {"quality": 80, "progressive": True},
    "JPEG, optimised": {"quality": 40, "optimize": True},
    "JPEG, restarts": {"quality": 85, "restart_marker_blocks": 5},
    "WEBP": {"quality": 80},
    "WEBP, lossless": {"lossless": True},
    "TIFF": {},
    "TIFF, packed": {"compression": "tiff_lzw"},
    "BMP": {},
    "GIF": {},
    "AVIF": {},
}


def encoded(kind, image=PHOTO):
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind.partition(",")[0], **KINDS[kind])
    return file.getvalue()


def refused(content):
    try:
        decode(content, strict=True)
    except UnreadableError:
        return True
    return False


@pytest.mark.parametrize("image", [PHOTO, np.zeros((50, 77, 3), np.uint8), np.full((8, 8, 3), 200, np.uint8)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_file_is_never_called_damaged(kind, image):
    assert image.shape == decode(encoded(kind, image), strict=True).pixels.shape


@pytest.mark.parametrize("kind", [k for k in KINDS if k.startswith("JPEG")])
def test_what_follows_the_end_of_a_jpeg_is_no_damage(kind):
    second = encoded(kind, PHOTO[:40, :40])  # as in the files of phones with a depth map

    decode(encoded(kind) + b"motion photo" + second, strict=True)


def test_every_flipped_bit_of_a_png_is_found():
    content = encoded("PNG")
    rng = np.random.default_rng(0)
    for place in rng.integers(8, len(content), 60).tolist():
        broken = bytearray(content)
        broken[place] ^= 1 << int(rng.integers(8))
        assert refused(bytes(broken)), place


def test_a_restart_marker_out_of_order_is_found():
    content = encoded("JPEG, restarts")
    place = content.index(b"\xff\xd2")

    with pytest.raises(UnreadableError, match="restart marker 5 stands where 2 is expected"):
        decode(content[:place] + b"\xff\xd5" + content[place + 2 :])


@pytest.mark.parametrize(
    ("kind", "least"), [("JPEG", 0.8), ("JPEG, progressive", 0.3), ("WEBP", 0.9), ("AVIF", 0.9)]
)
def test_overwritten_bytes_are_found_in_most_files_without_checksums(kind, least):
    content = encoded(kind)
    rng = np.random.default_rng(0)
    places = rng.integers(700, len(content) - 300, 20).tolist()
    found = [refused(content[:p] + rng.bytes(200) + content[p + 200 :]) for p in places]

    assert np.mean(found) >= least


def test_a_strip_outside_of_its_tiff_is_found():
    content = bytearray(encoded("TIFF"))
    with TiffImageFile(io.BytesIO(content)) as image:
        (offset, *_), (count, *_) = image.tag_v2[273], image.tag_v2[279]
    place = content.index(count.to_bytes(4, "little"), 0 if offset > 8 else offset + count)
    content[place : place + 4] = (count + 10**6).to_bytes(4, "little")

    with pytest.raises(UnreadableError, match="strip 0 ends at byte"):
        decode(bytes(content))


@pytest.mark.slow
@pytest.mark.skipif(
    "UNIRAIN_PUBLIC_RAIN" not in os.environ, reason="UNIRAIN_PUBLIC_RAIN names no folder of pairs"
)
def test_no_public_picture_is_called_damaged():
    files = [
        f for f in Path(os.environ["UNIRAIN_PUBLIC_RAIN"]).rglob("*") if f.suffix in (".jpg", ".png", ".jpeg")
    ]

    assert len(files) > 200
    for file in files:
        decode(file.read_bytes(), strict=True)
