"""Whatever a file holds, it is read upright as RGB of 8 bits, or its fault has a name."""

import numpy as np
import pytest
from PIL import Image

from unirain_core.imaging.codec import (
    UnreadableError,
    file_hash,
    pixel_hash,
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
