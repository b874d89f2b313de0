"""The page of pictures: rainy, restored by each method, clean; as one PNG and as a page that needs no other file."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.geometry import resize

WIDTH = 288
"""Of a picture on the page, pixels."""

_GAP, _LABEL = 6, 18
_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#222}"
    "table{border-collapse:collapse}td,th{padding:4px;text-align:left;vertical-align:top;font-weight:normal}"
    "img{display:block;max-width:none}small{color:#666}"
)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture and what stands under it."""

    label: str
    """Such as `rainy`, a method's name or `clean`."""
    image: RgbImage
    """(H, W, 3) uint8."""
    note: str = ""
    """Such as its PSNR."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One pair: its pictures from left to right."""

    title: str
    """Rain type and pair_id."""
    pictures: Sequence[Picture]


def sheet(rows: Sequence[Row]) -> RgbImage:
    """All rows as one picture on white, every picture with its label.

    Args:
        rows: at least one, each with at least one picture.
    """
    strips = [_strip(row) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    fill = [((0, _GAP), (0, width - strip.shape[1]), (0, 0)) for strip in strips]
    return np.concatenate(
        [np.pad(s, f, constant_values=255) for s, f in zip(strips, fill, strict=True)], axis=0
    )


def page(rows: Sequence[Row], title: str) -> str:
    """The rows as HTML; pictures are inside it."""
    body = "\n".join(_html_row(row) for row in rows) or "<tr><td>No picture to show.</td></tr>"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{html.escape(title)}</h1>\n<table>\n{body}\n</table></body></html>\n"
    )


def _strip(row: Row) -> RgbImage:
    cells = [_labelled(picture) for picture in row.pictures]
    height = max(cell.shape[0] for cell in cells)
    return np.concatenate(
        [np.pad(c, ((0, height - c.shape[0]), (0, _GAP), (0, 0)), constant_values=255) for c in cells], axis=1
    )


def _labelled(picture: Picture) -> RgbImage:
    small = _small(picture.image)
    canvas = Image.new("RGB", (WIDTH, small.shape[0] + _LABEL), "white")
    canvas.paste(Image.fromarray(small), (0, _LABEL))
    ImageDraw.Draw(canvas).text((2, 3), f"{picture.label}  {picture.note}".strip(), fill="black")
    return np.asarray(canvas, dtype=np.uint8)


def _html_row(row: Row) -> str:
    span = f'<tr><th colspan="{len(row.pictures)}">{html.escape(row.title)}</th></tr>'
    cells = "".join(
        f'<td><img alt="{html.escape(p.label)}" src="data:image/png;base64,{_base64(_small(p.image))}">'
        f"{html.escape(p.label)} <small>{html.escape(p.note)}</small></td>"
        for p in row.pictures
    )
    return f"{span}\n<tr>{cells}</tr>"


def _small(image: RgbImage) -> RgbImage:
    height, width = image.shape[:2]
    return resize(image, max(1, round(height * WIDTH / width)), WIDTH)


def _base64(image: RgbImage) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()
