"""Pictures as OpenCLIP's models are given them. No weights are needed for that."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.distill.pixels import Pixels, values_of_levels
from unirain_core.imaging.codec import RgbImage

CONFIG = "open_clip_config.json"


def shapes_of(architecture: str, place: Path) -> str:
    """The name by which open_clip knows a model's shapes: a folder's own configuration counts before the architecture."""
    return f"local-dir:{place}" if (place / CONFIG).is_file() else architecture


def clip_pixels(architecture: str, place: Path, picture: RgbImage) -> Pixels:
    """(3, S, S) a picture (H, W, 3) as the model is given it, not yet floats."""
    resized, _ = _steps(shapes_of(architecture, place))
    pixels = np.asarray(resized(Image.fromarray(picture)))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def clip_values(architecture: str, place: Path) -> Tensor:
    """(3, 256) the values that a model is given of the levels."""
    _, normal = _steps(shapes_of(architecture, place))
    return values_of_levels(lambda picture: normal(Image.fromarray(picture)))


@lru_cache(maxsize=1)  # a process has one image encoder
def _steps(model: str) -> tuple[Callable[[Image.Image], Image.Image], Callable[[Image.Image], Tensor]]:
    """Both halves of the preparation: one resizes and crops a picture, the other makes floats of it.

    open_clip says how only of a whole model. So one is made on the meta device, where it takes a moment and no memory.
    """
    ensure_torchvision()
    import open_clip
    from open_clip.transform import Compose, ToTensor

    with torch.device("meta"), _without_warnings():
        _, _, prepare = open_clip.create_model_and_transforms(model, load_weights=False, device="meta")
    steps = prepare.transforms
    place = next(place for place, step in enumerate(steps) if isinstance(step, ToTensor))
    return Compose(steps[:place]), Compose(steps[place:])


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Let open_clip not say that a model has no weights: this one shall have none."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
