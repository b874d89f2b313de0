"""The page of pictures: rainy, restored by each method, clean; as one PNG and as a page that needs no other file."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.geometry import resize

WIDTH = 288
"""Of a picture on the page, pixels."""

_GAP, _LINE = 8, 20
"""Between pictures, and of a line of text; pixels."""
_STYLE = (
    ":root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:110rem}"
    "h2{font-size:1rem;margin:1.6rem 0 .4rem}p,small{opacity:.75}p{margin:0}"
    "div{display:flex;gap:10px}figure{margin:0;flex:1;max-width:30rem}img{display:block;width:100%}"
    "figcaption{padding-top:3px}figcaption b{margin-right:.5em}"
)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One picture and what stands under it."""

    label: str
    """Such as `rainy`, a method's name or `clean`."""
    image: RgbImage
    """(H, W, 3) uint8."""
    note: str = ""
    """Such as its scores."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One pair: its pictures from left to right."""

    title: str
    """Rain type and pair_id."""
    pictures: Sequence[Panel]


def sheet(rows: Sequence[Row]) -> RgbImage:
    """All rows as one picture on white: each under its title, every picture above its label.

    Args:
        rows: at least one, each with at least one picture.
    """
    strips = [_strip(row) for row in rows]
    canvas = Image.new("RGB", (max(s.width for s in strips), sum(s.height for s in strips)), "white")
    top = 0
    for strip in strips:
        canvas.paste(strip, (0, top))
        top += strip.height
    return np.asarray(canvas, dtype=np.uint8)


def page(rows: Sequence[Row], title: str, lead: str) -> str:
    """The rows as HTML; pictures are inside it.

    Args:
        rows: from top to bottom.
        title: the page's.
        lead: what a reader must know to read the figures.
    """
    body = "\n".join(_html_row(row) for row in rows) or "<p>No picture to show.</p>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{html.escape(title)}</h1>\n<p>{html.escape(lead)}</p>\n{body}\n</body></html>\n"
    )


def _strip(row: Row) -> Image.Image:
    pictures = [_small(picture.image) for picture in row.pictures]
    height = _LINE + max(picture.shape[0] for picture in pictures) + _LINE + _GAP
    canvas = Image.new("RGB", (len(pictures) * (WIDTH + _GAP), height), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=14)
    pen.text((0, 1), row.title, fill="#555", font=font)
    for place, (picture, small) in enumerate(zip(row.pictures, pictures, strict=True)):
        left, label = place * (WIDTH + _GAP), f"{picture.label}   {picture.note}".strip()
        canvas.paste(Image.fromarray(small), (left, _LINE))
        pen.text((left, _LINE + small.shape[0] + 1), label, fill="black", font=font)
    return canvas


def _html_row(row: Row) -> str:
    figures = "".join(
        f'<figure><img alt="{html.escape(p.label)}" src="data:image/png;base64,{_base64(_small(p.image))}">'
        f"<figcaption><b>{html.escape(p.label)}</b><small>{html.escape(p.note)}</small></figcaption></figure>"
        for p in row.pictures
    )
    return f"<h2>{html.escape(row.title)}</h2>\n<div>{figures}</div>"


def _small(image: RgbImage) -> RgbImage:
    height, width = image.shape[:2]
    return resize(image, max(1, round(height * WIDTH / width)), WIDTH)


def _base64(image: RgbImage) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()
