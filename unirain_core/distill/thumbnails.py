"""Small pictures for the gallery, as text that an HTML page can hold."""

import base64
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.errors import ChangedInputError, ItemError
from unirain_core.imaging.codec import RgbImage, read_rgb
from unirain_core.imaging.geometry import resize, split_halves

WIDTH = 176
"""Pixels."""
QUALITY = 60


def thumbnails(rows: Iterable[ManifestRow], roots: Roots) -> dict[str, tuple[str | None, str | None]]:
    """Id to (rainy, clean) thumbnails, base64 WebP; None for a picture that is not the listed one or is unreadable."""
    with ThreadPoolExecutor() as pool:  # decoding and encoding release the interpreter's lock
        return dict(pool.map(lambda row: (row.pair_id, _both(row, roots)), rows))


def _both(row: ManifestRow, roots: Roots) -> tuple[str | None, str | None]:
    rainy = _read(roots, row.root, row.input, row.input_hash)
    if row.halves and rainy is not None:
        first, second = split_halves(rainy, row.halves)
        return encode(first), encode(second)
    clean = _read(roots, row.root, row.target, row.target_hash) if row.target else None
    return encode(rainy) if rainy is not None else None, encode(clean) if clean is not None else None


def encode(image: RgbImage) -> str:
    """A picture, made `WIDTH` pixels wide, as base64 WebP."""
    height = max(1, round(image.shape[0] * WIDTH / image.shape[1]))
    buffer = io.BytesIO()
    Image.fromarray(resize(image, height, WIDTH)).save(buffer, format="WEBP", quality=QUALITY)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _read(roots: Roots, root: str, path: str, listed: str | None) -> RgbImage | None:
    try:
        return read_rgb(roots.path(root, path), listed)
    except (ItemError, ChangedInputError, OSError):  # no picture is shown rather than a wrong one
        return None
