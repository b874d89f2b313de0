"""A sheet of small pictures to look at: every rain type, both rendering paths, every planted kind."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw

from unirain_core.config.sections import SampleCorpus
from unirain_core.imaging.codec import RgbImage
from unirain_core.standins.rain.items import RAIN_TYPES, Item, Role, View
from unirain_core.standins.rain.photos import SHIPPED, Photo
from unirain_core.standins.rain.planted import DROP_KINDS, STREAK_KINDS
from unirain_core.standins.rain.render import rendered

COLUMNS = 6
CELL_WIDTH = 256
"""Width of a small picture in pixels."""
CAPTION = 16
"""Height of the line under a picture in pixels."""
SHOWY = ("china", "motorcycle_left", "flower", "camera", "coffee")
"""Shipped photographs on which rain shows best."""

Cell = tuple[str, RgbImage]


def contact_sheet(config: SampleCorpus, photos: Sequence[Photo] = SHIPPED) -> RgbImage:
    """Two rows for each rain type: good rain of paths A and B, then the planted kinds.

    Args:
        config: of it seed, height and width.
        photos: photographs to rain on.

    Returns:
        (H, W, 3) uint8.
    """
    cell_height = round(CELL_WIDTH * config.height / config.width)
    rows = [
        row
        for rain_type in RAIN_TYPES
        for row in (_good(rain_type, config, photos), _bad(rain_type, config, photos))
    ]
    sheet = Image.new("RGB", (COLUMNS * CELL_WIDTH, len(rows) * (cell_height + CAPTION)), "white")
    pen = ImageDraw.Draw(sheet)
    for y, row in enumerate(rows):
        for x, (caption, picture) in enumerate(row):
            corner = (x * CELL_WIDTH, y * (cell_height + CAPTION))
            small = Image.fromarray(picture).resize((CELL_WIDTH, cell_height), Image.Resampling.LANCZOS)
            sheet.paste(small, corner)
            pen.text((corner[0] + 3, corner[1] + cell_height + 2), caption, fill="black")
    return np.asarray(sheet)


def _good(rain_type: str, config: SampleCorpus, photos: Sequence[Photo]) -> Iterator[Cell]:
    numbers = _showy(photos)
    for j, dataset in enumerate(("rainrag", "rainrag", "rainrag", "real", "real")):
        item = _item(rain_type, dataset, numbers[j % len(numbers)], j)
        rainy, clean = rendered(item, config, photos)
        if j == 0 and clean is not None:
            yield f"{rain_type}: clean", clean
        yield f"{rain_type}: path {item.path}", rainy


def _bad(rain_type: str, config: SampleCorpus, photos: Sequence[Photo]) -> Iterator[Cell]:
    numbers = _showy(photos)
    for j, kind in enumerate(DROP_KINDS if rain_type.endswith("d") else STREAK_KINDS):
        item = _item(rain_type, "rainrag", numbers[j % len(numbers)], 10 + j, kind)
        yield f"{rain_type}: {kind}", rendered(item, config, photos)[0]


def _item(rain_type: str, dataset: str, photo: int, index: int, kind: str = "") -> Item:
    seed = 100 * RAIN_TYPES.index(rain_type) + index
    view = View(photo=photo, index=seed)
    role: Role = "real" if dataset == "real" else "train"
    return Item(dataset=dataset, rain_type=rain_type, role=role, view=view, rain=seed, kind=kind)


def _showy(photos: Sequence[Photo]) -> list[int]:
    clear = [n for n, photo in enumerate(photos, start=1) if photo.day and not photo.seldom]
    return sorted(
        [n for n in clear if photos[n - 1].path.stem in SHOWY] or clear,
        key=lambda n: SHOWY.index(photos[n - 1].path.stem) if photos[n - 1].path.stem in SHOWY else n,
    )
