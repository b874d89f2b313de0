"""Whatever a file holds, it is read upright as RGB of 8 bits, or its fault has a name."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from unirain_core.errors import ChangedInputError, ItemError
from unirain_core.imaging.codec import (
    UnreadableError,
    decode,
    file_hash,
    pixel_hash,
    read_file,
    read_header,
    read_rgb,
    to_float,
    to_uint8,
    write_png,
)

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def saved(tmp_path, image, name="a.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def test_png_keeps_every_pixel(tmp_path):
    write_png(tmp_path / "a.png", PICTURE)

    np.testing.assert_array_equal(PICTURE, read_rgb(tmp_path / "a.png"))


def test_grey_palette_cmyk_and_alpha_become_rgb(tmp_path):
    image = Image.fromarray(PICTURE)
    for mode, name in (
        ("L", "l.png"),
        ("P", "p.png"),
        ("CMYK", "c.jpg"),
        ("RGBA", "a.png"),
        ("LA", "la.png"),
        ("1", "1.png"),
    ):
        assert (20, 30, 3) == read_rgb(saved(tmp_path, image.convert(mode), name)).shape


def test_what_is_transparent_is_white(tmp_path):
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))

    assert (read_rgb(saved(tmp_path, clear)) == 255).all()


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    grey = Image.fromarray(np.array([[0, 257, 32896, 65535]], dtype=np.uint16))

    np.testing.assert_array_equal([0, 1, 128, 255], read_rgb(saved(tmp_path, grey))[0, :, 0])


def test_a_rotated_photo_is_read_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees
    path = saved(tmp_path, Image.fromarray(PICTURE), "r.jpg", exif=exif)

    assert (30, 20, 3) == read_rgb(path).shape
    assert (20, 30) == (read_header(path).width, read_header(path).height)


def test_faults_have_names(tmp_path):
    write_png(tmp_path / "whole.png", PICTURE)
    cases = {
        "truncated": (tmp_path / "whole.png").read_bytes()[:-400],
        "unreadable": b"no picture at all",
    }
    for reason, content in cases.items():
        (tmp_path / "broken.png").write_bytes(content)
        with pytest.raises(UnreadableError) as caught:
            read_rgb(tmp_path / "broken.png")
        assert reason == caught.value.reason


def test_a_git_lfs_pointer_is_recognised(tmp_path):
    (tmp_path / "p.jpg").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    with pytest.raises(UnreadableError) as caught:
        read_header(tmp_path / "p.jpg")

    assert "git_lfs_pointer" == caught.value.reason


def test_pixel_hash_ignores_the_file_and_file_hash_does_not(tmp_path):
    image = Image.fromarray(PICTURE)
    a, b = saved(tmp_path, image, "a.png", compress_level=1), saved(tmp_path, image, "b.bmp")

    assert pixel_hash(read_rgb(a)) == pixel_hash(read_rgb(b))
    assert file_hash(a) != file_hash(b)


def test_eight_bits_survive_the_way_through_floats():
    values = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)

    np.testing.assert_array_equal(values, to_uint8(to_float(values)))


def test_a_header_is_read_without_the_pixels(tmp_path):
    write_png(tmp_path / "a.png", PICTURE)
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(content[:200])

    assert (30, 20) == (read_header(tmp_path / "b.png").width, read_header(tmp_path / "b.png").height)


TURNED = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda image: np.rot90(image, 1),
}
"""How a picture must be turned that was stored with an EXIF orientation."""


def gradients():
    rows, columns = np.mgrid[:20, :30]
    return np.stack([rows * 12, columns * 8, (rows + columns) * 5], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg", "a.webp", "a.avif"])
def test_every_orientation_is_turned_once_in_every_format(tmp_path, name, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, Image.fromarray(gradients()), name, exif=exif, quality=100)
    expected = TURNED[orientation](gradients())
    header = read_header(path)

    assert expected.shape == read_rgb(path).shape
    assert np.abs(read_rgb(path).astype(int) - expected).max() <= 12  # lossy formats
    assert expected.shape[:2] == (header.height, header.width)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0.0, 0.5, 1.0], np.float32, [0, 128, 255]),
        ([0.0, 127.6, 255.0], np.float32, [0, 128, 255]),
        ([-0.1, 0.2, 1.3], np.float32, [0, 51, 255]),
        ([0.0, 32767.5, 65535.0], np.float32, [0, 128, 255]),
        ([0, 128, 255], np.int32, [0, 128, 255]),
        ([0, 32896, 65535], np.int32, [0, 128, 255]),
        ([np.nan, 0.2, 1.0], np.float32, [0, 51, 255]),
    ],
)
def test_a_tiff_of_32_bits_is_read_on_the_scale_of_its_values(tmp_path, values, dtype, expected):
    path = saved(tmp_path, Image.fromarray(np.array([values], dtype=dtype)), "a.tif")

    assert expected == read_rgb(path)[0, :, 0].tolist()


def test_values_on_no_usual_scale_are_refused(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.array([[-7, 3_000_000]], dtype=np.int32)), "a.tif")

    with pytest.raises(
        UnreadableError, match="from -7 to 3e\\+06, on no usual scale; save it with 8 or 16 bits"
    ):
        read_rgb(path)


def test_the_first_picture_of_an_animation_is_read(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])

    assert [255, 0, 0] == read_rgb(tmp_path / "a.gif")[0, 0].tolist()


def test_the_bytes_that_were_hashed_are_the_bytes_that_are_decoded(tmp_path):
    write_png(tmp_path / "a.png", PICTURE)
    listed = file_hash(tmp_path / "a.png")

    np.testing.assert_array_equal(PICTURE, read_rgb(tmp_path / "a.png", listed))
    write_png(tmp_path / "a.png", 255 - PICTURE)
    with pytest.raises(ChangedInputError, match=r"has changed since it was listed .*dvc repro"):
        read_rgb(tmp_path / "a.png", listed)
    (tmp_path / "a.png").unlink()
    with pytest.raises(ChangedInputError, match="or is gone"):
        read_rgb(tmp_path / "a.png", listed)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_an_items_fault(tmp_path):
    write_png(tmp_path / "a.png", PICTURE)
    (tmp_path / "a.png").chmod(0)

    with pytest.raises(ItemError, match=r"permission denied; run `chmod \+r`"):
        read_file(tmp_path / "a.png")


def test_a_denied_file_is_an_items_fault_for_any_user(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    write_png(tmp_path / "a.png", PICTURE)
    monkeypatch.setattr("pathlib.Path.read_bytes", denied)
    with pytest.raises(ItemError, match=r"a\.png: permission denied"):
        read_file(tmp_path / "a.png")


def png_of_size(width, height):
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_sides_and_pixels_are_bounded_before_anything_is_decoded():
    assert len(png_of_size(99_999_999, 1)) < 70
    for content, bound, match in (
        (png_of_size(99_999_999, 1), None, "at most 65,535 along a side"),
        (png_of_size(1, 65_536), None, "at most 65,535 along a side"),
        (png_of_size(2_000, 1_001), 2_000_000, "at most 2,000,000 in all"),
    ):
        with pytest.raises(UnreadableError, match=match) as caught:
            decode(content, max_pixels=bound)
        assert caught.value.reason == "too_large"


@pytest.mark.parametrize(
    ("format", "name"),
    [
        ("DDS", "DDS"),
        ("ICNS", "ICNS"),
        ("JPEG2000", "JPEG 2000"),
        ("QOI", "QOI"),
        ("PPM", "PNM"),
        ("EPS", "EPS"),
    ],
)
def test_a_format_off_the_list_is_called_by_its_name_whatever_its_suffix(tmp_path, format, name):
    content = io.BytesIO()
    Image.new("RGB", (32, 32)).save(content, format)
    (tmp_path / "a.png").write_bytes(content.getvalue())

    for read in (read_rgb, read_header):
        with pytest.raises(
            UnreadableError, match=f"it is {name}, which is not read; convert it to PNG"
        ) as caught:
            read(tmp_path / "a.png")
        assert caught.value.reason == "format_not_supported"


def test_formats_without_a_mark_are_not_decoded_either(tmp_path):
    for format in ("TGA", "SPIDER", "MSP", "PCX", "SGI"):
        content = io.BytesIO()
        Image.new({"SPIDER": "F", "MSP": "1"}.get(format, "RGB"), (32, 32)).save(content, format)
        with pytest.raises(UnreadableError):
            decode(content.getvalue())
