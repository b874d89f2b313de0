"""Pixels and files of an item: functions of the item, the params and the photos, whoever renders it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unirain_core.artefacts.whole import naming
from unirain_core.config.sections import SampleCorpus
from unirain_core.imaging.codec import RgbImage, to_uint8, write_png
from unirain_core.standins.rain.camera import photographed
from unirain_core.standins.rain.compose import Scene, rain_over, scene_of
from unirain_core.standins.rain.faults import spoil_files, spoilt
from unirain_core.standins.rain.filters import Field
from unirain_core.standins.rain.grading import graded, overcast
from unirain_core.standins.rain.items import Item, View
from unirain_core.standins.rain.paths import place
from unirain_core.standins.rain.photos import SHIPPED, Photo, crop
from unirain_core.standins.rain.planted import low_fidelity


def rendered(
    item: Item, config: SampleCorpus, photos: Sequence[Photo] = SHIPPED
) -> tuple[RgbImage, RgbImage | None]:
    """The rainy and the clean picture of an item, with the faults that show in pixels.

    Args:
        item: one of the corpus's plan.
        config: the corpus's params; of them seed, height and width.
        photos: the photos that the plan was made for.

    Returns:
        Rainy and clean, (H, W, 3) uint8; the clean one is None for a photo of `real`.
    """
    scene = _scene(item, item.view, config, photos)
    rng = np.random.default_rng([config.seed, item.rain, 1])
    rainy, clean = (to_uint8(picture) for picture in _pair(item, scene, rng))
    if item.role == "real":
        return rainy, None
    if item.other_view is not None:
        clean = to_uint8(_scene(item, item.other_view, config, photos).clean)
    return spoilt(item.fault, rainy, clean, rng)


def write(item: Item, config: SampleCorpus, folder: Path, photos: Sequence[Photo] = SHIPPED) -> None:
    """Render an item and write its files where its dataset's layout wants them, below a corpus's folder."""
    rainy, clean = rendered(item, config, photos)
    where = place(item)
    _write(folder / where.input, rainy)
    if clean is not None and where.target is not None:
        _write(folder / where.target, clean)
        spoil_files(item.fault, folder / where.input, folder / where.target)


def _scene(item: Item, view: View, config: SampleCorpus, photos: Sequence[Photo]) -> Scene:
    rng = np.random.default_rng([config.seed, view.index, 0])
    picture = crop(photos[view.photo - 1], height=config.height, width=config.width, rng=rng)
    picture = graded(picture, rng)
    if (
        item.rain_type == "drs" and item.kind != "bad_background"
    ):  # a flat grade would mend an overexposed scene
        picture = overcast(picture, rng)
    return scene_of(picture, rng, night=item.night)


def _pair(item: Item, scene: Scene, rng: np.random.Generator) -> tuple[Field, Field]:
    if item.kind:
        return low_fidelity(item.kind, scene, rng, drops=item.drops)
    if item.path == "B":
        return photographed(scene, rng, drops=item.drops)
    return rain_over(scene, rng, drops=item.drops), scene.clean


def _write(path: Path, picture: RgbImage) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path):
        write_png(path, picture)
