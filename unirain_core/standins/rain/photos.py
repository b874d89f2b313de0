"""Photographs to rain on: those that scikit-image and scikit-learn ship, or a folder of them; their crops."""

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageOps

from unirain_core.errors import MissingInputError
from unirain_core.imaging.codec import SUFFIXES, RgbImage, to_float
from unirain_core.standins.rain.filters import Field

LONG_SIDE = 2048
"""Larger photographs are reduced to this long side, in pixels, before crops are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photograph without rain; in a corpus it is a scene."""

    path: Path
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gains of red, green and blue that give a grey photograph a colour."""
    day: bool = True
    """False: taken at twilight, so it serves the night types alone."""
    seldom: bool = False
    """Dealt less often: a texture hides rain from the eye, a smooth picture has little to compare."""


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise MissingInputError(
            f"package '{name}' is not installed, and the sample corpus rains on its photographs; "
            "run `pip install 'unirain[sample]'`"
        )
    return Path(spec.submodule_search_locations[0])


_SKIMAGE = _package("skimage") / "data"
_SKLEARN = _package("sklearn") / "datasets" / "images"

SHIPPED = (
    Photo(path=_SKIMAGE / "astronaut.png"),
    Photo(path=_SKIMAGE / "chelsea.png"),
    Photo(path=_SKIMAGE / "coffee.png"),
    Photo(path=_SKIMAGE / "motorcycle_left.png"),
    Photo(path=_SKIMAGE / "rocket.jpg", day=False),
    Photo(path=_SKLEARN / "china.jpg"),
    Photo(path=_SKLEARN / "flower.jpg"),
    Photo(path=_SKIMAGE / "camera.png", tint=(0.95, 0.98, 1.05)),
    Photo(path=_SKIMAGE / "brick.png", tint=(1.12, 0.95, 0.85), seldom=True),
    Photo(path=_SKIMAGE / "grass.png", tint=(0.85, 1.1, 0.75), seldom=True),
    Photo(path=_SKIMAGE / "gravel.png", tint=(1.02, 1.0, 0.96), seldom=True),
    Photo(path=_SKIMAGE / "moon.png", tint=(1.03, 1.0, 0.95), seldom=True),
    Photo(path=_SKIMAGE / "coins.png", tint=(1.1, 0.98, 0.82)),
    Photo(path=_SKIMAGE / "clock_motion.png", tint=(1.0, 0.99, 0.97), seldom=True),
)
"""The photographs that rain looks credible on; a photo's number in a corpus is its place here, from 1."""


def photos_of(folder: Path) -> tuple[Photo, ...]:
    """All pictures below a folder, by name; each is a scene.

    Raises:
        MissingInputError: there are fewer than two, so that no photograph can be held out.
    """
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file())
    if len(files) < 2:
        raise MissingInputError(
            f"{folder} holds {len(files)} photographs; at least 2 are needed (png, jpg, ...)"
        )
    return tuple(Photo(path=file) for file in files)


def crop(photo: Photo, *, height: int, width: int, rng: Generator) -> Field:
    """A window of 62 to 100 % of the largest one of that shape, resampled and perhaps mirrored.

    Returns:
        (height, width, 3) float32 in [0, 1].
    """
    pixels, _ = _read(photo.path)
    full_height, full_width = pixels.shape[:2]
    scale = min(full_height / height, full_width / width) * rng.uniform(0.62, 1.0)
    window_height, window_width = int(height * scale), int(width * scale)
    top = int(rng.integers(0, full_height - window_height + 1))
    left = int(rng.integers(0, full_width - window_width + 1))
    window = Image.fromarray(pixels[top : top + window_height, left : left + window_width])
    picture = to_float(np.asarray(window.resize((width, height), Image.Resampling.LANCZOS)))
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    return np.clip(picture * np.array(photo.tint, dtype=np.float32), 0, 1)


def read_hash(photo: Photo) -> str:
    """SHA-256, 32 hex digits, of the file content from which this process crops the photograph."""
    return _read(photo.path)[1]


@lru_cache(maxsize=32)
def _read(path: Path) -> tuple[RgbImage, str]:
    """Pixels, and the hash of the bytes that they were decoded from."""
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((LONG_SIDE, LONG_SIDE))
    return np.asarray(upright), hashlib.sha256(content).hexdigest()[:32]
