"""Small pictures for the gallery, as text that an HTML page can hold; an unchanged picture is decoded once.

The work store keeps a page's thumbnails under the content hashes of their pictures, so that the next page decodes only
what is new. As finished work they are checked when they are used, `verify` checks them too, and `gc` removes old ones.
"""

import base64
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.artefacts.whole import write_text
from unirain_core.engine.store import WorkStore, digest
from unirain_core.errors import ChangedInputError, ItemError
from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.geometry import resize, split_halves
from unirain_core.imaging.pairs import read

WIDTH = 384
"""Pixels at most: a streak that is two pixels wide in a picture of 1,000 can still be seen."""
QUALITY = 75
FILE = "thumbnails.json"
"""Name of the one file of a kept page: key of a picture's file to the thumbnails that it gives."""

Kept = dict[str, list[str]]
"""What `FILE` holds."""


def thumbnails(
    rows: Iterable[ManifestRow], roots: Roots, store: WorkStore, algorithm: str
) -> dict[str, tuple[str | None, str | None]]:
    """Id to (rainy, clean) thumbnails, base64 WebP; None for a picture that is not the listed one or is unreadable.

    Args:
        rows: of the manifest.
        roots: where the datasets lie.
        store: keeps the thumbnails for the next page.
        algorithm: version of the computation.
    """
    files_of = {row.pair_id: list(_files(row)) for row in rows}
    kept = _kept(store, algorithm)
    page: Kept = {}
    missing: dict[str, Picture] = {}
    for files in files_of.values():
        for file in files:
            if _key(file) in kept:
                page[_key(file)] = kept[_key(file)]
            else:
                missing[_key(file)] = file
    page |= _made(missing, roots)
    folder = store.folder(f"{algorithm}-{digest(*sorted(page))}", lambda place: _write(place, page))
    store.record_use([folder.name])
    return {pair_id: _of_both_sides(files, page) for pair_id, files in files_of.items()}


def encode(image: RgbImage) -> str:
    """A picture as base64 WebP; one that is wider than `WIDTH` is made as wide."""
    width = min(WIDTH, image.shape[1])
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    buffer = io.BytesIO()
    Image.fromarray(resize(image, height, width)).save(buffer, format="WEBP", quality=QUALITY)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _files(row: ManifestRow) -> Iterator[Picture]:
    """One picture for each file of a row; of a file that holds both it is the clean half."""
    clean = row.clean
    if clean is None or clean.half is None:
        yield row.rainy
    if clean is not None:
        yield clean


def _key(picture: Picture) -> str:
    """What determines a file's thumbnails, apart from the algorithm."""
    return f"{picture.content_hash}/{picture.half or 'whole'}/{WIDTH}/{QUALITY}"


def _of_both_sides(files: Iterable[Picture], page: Kept) -> tuple[str | None, str | None]:
    """The rainy and the clean thumbnail of a row, whose rainy file comes first."""
    sides: list[str | None] = []
    for file in files:
        sides += page.get(_key(file), [None])
    rainy, clean = [*sides, None][:2]
    return rainy, clean


def _made(files: Mapping[str, Picture], roots: Roots) -> Kept:
    """The thumbnails of the files that can be read; another one is tried again by the next page."""
    with ThreadPoolExecutor() as pool:  # decoding and encoding release the interpreter's lock
        made = pool.map(lambda file: _thumbnails_of(file, roots), files.values())
        return {key: texts for key, texts in zip(files, made, strict=True) if texts}


def _thumbnails_of(file: Picture, roots: Roots) -> list[str]:
    try:
        image = read(file.whole, roots)
    except (ItemError, ChangedInputError, OSError):  # no picture is shown rather than a wrong one
        return []
    images = split_halves(image, file.half) if file.half else (image,)
    return [encode(one) for one in images]


def _kept(store: WorkStore, algorithm: str) -> Kept:
    """The thumbnails of all sound pages in the store."""
    kept: Kept = {}
    for folder in store.folders(f"{algorithm}-"):
        kept |= json.loads((folder / FILE).read_bytes())
    return kept


def _write(folder: Path, page: Kept) -> None:
    write_text(folder / FILE, json.dumps(page, sort_keys=True))
