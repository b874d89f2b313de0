"""A pair as it leaves the project: its name, the bytes of its files, and its facts."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.imaging.codec import RgbImage, decode, read_file, write_png
from unirain_core.imaging.pairs import read_both

PLAIN = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""Suffixes that the released code and readers of Croissant take, with the format that each promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of a pair that every form holds."""

    pair_id: str
    rain_type: str
    dataset: str
    scene: str
    """Pairs of one scene must not stand on both sides of a further split."""
    width: int
    height: int
    terms: str
    """Terms of use of the dataset."""
    source: str
    """What the dataset is, and where it comes from."""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPair:
    """A pair with the bytes of its two picture files, which have the same suffix."""

    row: SplitRow
    suffix: str
    rainy: bytes
    clean: bytes
    width: int
    height: int

    @property
    def key(self) -> str:
        """Name of its files, without suffix."""
        return key(self.row.pair_id)


def key(pair_id: str) -> str:
    """A name for a pair's files that depends on its id alone.

    It begins with a hash, so that the order of the names mixes the datasets. It holds no dot, since readers of WebDataset take
    everything after the first dot for the suffix.

    >>> key("rain.13k/train/1")
    '1027f6e3532bc79e-rain_13k'
    """
    start = hashlib.sha256(pair_id.encode()).hexdigest()[:16]
    return f"{start}-{dataset_of(pair_id).replace('.', '_')}"


def dataset_of(pair_id: str) -> str:
    """Name of the dataset in params, with which every pair_id begins."""
    return pair_id.partition("/")[0]


def encode(row: SplitRow, roots: Roots, *, only_png: bool) -> EncodedPair:
    """Read a pair, whose files must be those that were listed, and give both sides one format.

    The bytes of both files are copied if any reader decodes them to our pixels. All other pictures become PNG: halves of one
    file; other formats; turned, grey or transparent pictures; a pair whose sides have two formats.

    Args:
        row: of a split.
        roots: where the datasets lie.
        only_png: whether JPEG becomes PNG too.

    Raises:
        ChangedInputError: a file is gone, or its content is not what was listed; the message names it.
        ItemError: this process cannot read or decode a file.
    """
    if row.halves is not None:
        rainy, clean = read_both(row.rainy, row.clean, roots)
        return _as_png(row, rainy, clean)
    files = [
        read_file(roots.path(side.root, side.path), side.content_hash) for side in (row.rainy, row.clean)
    ]
    rainy, clean = (decode(content).pixels for content in files)
    suffix = _suffix(row.input)
    is_copied = suffix == _suffix(row.target) and not (only_png and suffix != ".png")
    if is_copied and _is_plain(files[0], suffix, rainy) and _is_plain(files[1], suffix, clean):
        height, width = rainy.shape[:2]
        return EncodedPair(row, suffix, files[0], files[1], width, height)
    return _as_png(row, rainy, clean)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _is_plain(content: bytes, suffix: str, pixels: RgbImage) -> bool:
    """Whether a reader that only opens the file gets the same pixels as we do."""
    if suffix not in PLAIN:
        return False
    with Image.open(io.BytesIO(content)) as image:
        is_rgb = image.format == PLAIN[suffix] and image.mode == "RGB"
        return is_rgb and np.array_equal(np.asarray(image), pixels)


def _as_png(row: SplitRow, rainy: RgbImage, clean: RgbImage) -> EncodedPair:
    files = []
    for pixels in (rainy, clean):
        content = io.BytesIO()
        write_png(content, pixels)
        files.append(content.getvalue())
    height, width = rainy.shape[:2]
    return EncodedPair(row, ".png", files[0], files[1], width, height)
