"""What an 8-bit RGB picture without metadata does not keep is named."""

import numpy as np
import pytest
from PIL import Image

from unirain_core.imaging.unkept import unkept

PIXELS = np.zeros((8, 8, 3), np.uint8)


def exif(**tags):
    told = Image.Exif()
    for tag, value in tags.items():
        told[int(tag[1:])] = value
    return told


@pytest.mark.parametrize(
    ("name", "make", "lost"),
    [
        ("plain.png", lambda f: Image.fromarray(PIXELS).save(f), ()),
        ("alpha.png", lambda f: Image.fromarray(np.zeros((8, 8, 4), np.uint8)).save(f), ("transparency",)),
        ("deep.png", lambda f: Image.fromarray(np.zeros((8, 8), np.uint16)).save(f), ("more than 8 bits",)),
        (
            "float.tiff",
            lambda f: Image.fromarray(np.zeros((8, 8), np.float32)).save(f),
            ("more than 8 bits",),
        ),
        ("icc.jpg", lambda f: Image.fromarray(PIXELS).save(f, icc_profile=b"profile"), ("ICC profile",)),
        ("exif.jpg", lambda f: Image.fromarray(PIXELS).save(f, exif=exif(t271="maker")), ("EXIF",)),
        ("turned.jpg", lambda f: Image.fromarray(PIXELS).save(f, exif=exif(t274=6)), ()),
        (
            "moving.gif.png",
            lambda f: Image.fromarray(PIXELS).save(
                f, save_all=True, append_images=[Image.fromarray(PIXELS + 9)]
            ),
            ("further frames",),
        ),
    ],
)
def test_what_is_lost_is_named(tmp_path, name, make, lost):
    make(tmp_path / name)

    assert lost == unkept(tmp_path / name)


def test_of_a_file_that_is_no_picture_nothing_is_said(tmp_path):
    (tmp_path / "a.png").write_bytes(b"none")

    assert () == unkept(tmp_path / "a.png") == unkept(tmp_path / "gone.png")
