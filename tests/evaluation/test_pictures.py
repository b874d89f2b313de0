"""The page of pictures."""

import base64
import io
import re

import numpy as np
from PIL import Image

from unirain_core.evaluation.pictures import WIDTH, Panel, Row, page, sheet


def picture(label, value, height=60, width=90):
    return Panel(label, np.full((height, width, 3), value, np.uint8), "20.00 dB")


ROWS = [
    Row("drs: a/1", [picture("rainy", 10), picture("<net>", 20), picture("clean", 30)]),
    Row("nrd: a/2", [picture("rainy", 40, 120), picture("clean", 50, 120)]),
]


def test_the_sheet_holds_every_picture_and_white_elsewhere():
    made = sheet(ROWS)

    assert made.dtype == np.uint8
    assert made.shape[1] == 3 * (WIDTH + 8)
    for value in (10, 20, 30, 40, 50):
        assert (made == value).all(axis=2).sum() >= WIDTH * WIDTH * 60 // 90
    assert (made[-20, -WIDTH:] == 255).all()


def test_the_page_needs_no_other_file_and_escapes_what_it_is_given():
    text = page(ROWS, "Restored & clean", "a < b")
    sources = re.findall(r'src="([^"]+)"', text)

    assert len(sources) == 5
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "<net>" not in text
    assert "&lt;net&gt;" in text
    assert "Restored &amp; clean" in text
    assert "a &lt; b" in text


def test_a_picture_on_the_page_is_the_picture():
    (source, *_) = re.findall(r"base64,([^\"]+)", page(ROWS, "t", ""))
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))

    assert image.shape == (round(60 * WIDTH / 90), WIDTH, 3)
    assert np.unique(image).tolist() == [10]


def test_a_page_of_nothing_says_so():
    assert "No picture to show" in page([], "t", "")
