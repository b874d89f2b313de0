"""A split whose pictures are stored in every way that a dataset may store them."""

from typing import Any

import numpy as np
from PIL import Image

from tests.cli.reviewed_pool import rained, scene
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.imaging.codec import file_hash

SIZE = (140, 150)
GREY = {"mode": "L"}
ALPHA = {"mode": "RGBA"}
TURNED = {"turned": True}
KINDS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "plain/drs/1": ("a/1.png", "b/1.png", {}),
    "plain/drs/with, a comma": ("a/1, 2.jpg", "b/1, 2.jpg", {}),
    "plain/drd/é": ("a/é.JPG", "b/é.JPG", {}),
    "my.set/drd/2": ("a/2.bmp", "b/2.bmp", {}),
    "my.set/nrs/3": ("a/3.jpg", "b/3.png", {}),
    "my.set/nrs/4": ("a/4.webp", "b/4.webp", {}),
    "odd/nrd/5": ("a/5.png", "b/5.png", GREY),
    "odd/nrd/6": ("a/6.png", "b/6.png", ALPHA),
    "odd/nrd/7": ("a/7.jpg", "b/7.jpg", TURNED),
    "odd/nrd/8": ("a/8.tif", "b/8.tif", {}),
    "odd/nrd/9": ("a/9.jpg", "b/9.JPEG", {}),
    "halved/drs/10": ("c/10.jpg", None, {}),
}
COPIED = ("plain/drs/1", "plain/drs/with, a comma", "plain/drd/é")
"""Pairs whose two files any reader takes as they are."""


def store(file, pixels, mode="RGB", *, turned=False):
    """Write a picture and return its hash."""
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels).convert(mode)
    if turned:
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned by 90 degrees
        picture.save(file, exif=exif)
    else:
        picture.save(file)
    return file_hash(file)


def row(root, pair_id, number):
    rainy, clean, how = KINDS[pair_id]
    below = scene(number, SIZE)
    above = rained(below, number)
    if clean is None:
        input_hash = store(root / rainy, np.concatenate([below, above], axis=1))
        target, target_hash, halves = rainy, input_hash, "left"
    else:
        input_hash, target_hash = store(root / rainy, above, **how), store(root / clean, below, **how)
        target, halves = clean, None
    return SplitRow(
        pair_id=pair_id, rain_type=pair_id.split("/")[1], scene_id=f"scene/{number}", root="here", input=rainy,
        target=target, halves=halves, input_hash=input_hash, target_hash=target_hash,
    )  # fmt: skip


def write_split(root):
    """The rows of the split `rainrag`, which is written with its pictures."""
    rows = [row(root, pair_id, number) for number, pair_id in enumerate(KINDS)]
    tables.write(root / "data/split/train/rainrag.parquet", rows, SplitRow)
    tables.write(root / "data/split/val.parquet", rows[:2], SplitRow)
    (root / "roots.local.yaml").write_text("here: .\n")
    return rows
