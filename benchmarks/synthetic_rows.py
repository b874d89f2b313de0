"""Synthetic rows without pictures: a manifest, inspections with clusters of near hashes, references, responses and triplets.

A row's facts follow from its number alone, so that pieces can be made in any order and 1,000,000 rows need no memory.
Of 1,000 rows about 500 stand in videos of FRAMES near-equal clean pictures, 20 are test pairs of a benchmark, 5 show the
scene of such a pair, 10 are copies of the row before them, 10 are photos and 5 cannot be read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import ManifestRow, Reference
from unirain_core.artefacts.triplets import EncodedRow, Triplets
from unirain_core.distill.inspection import Inspection
from unirain_core.distill.judges.judge import Response
from unirain_core.imaging.near import Hashes

DATASETS = 8
FRAMES = 50
"""Near-equal clean pictures of a video."""
FLIPS = 8
"""Bits at most by which a frame differs from the first of its video."""
REFERENCES = 3
JUDGES = ("statistics/photometric", "statistics/directional", "statistics/nss")
RAIN_TYPES = ("drs", "drd", "nrs", "nrd")

Numbers = NDArray[np.uint64]


def mixed(numbers: Numbers, salt: int) -> Numbers:
    """64 random bits of each number (the last step of splitmix64)."""
    offset = np.uint64(salt * 0xD1342543DE82EF95 % 2**64)
    x = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + offset
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits: Numbers = x ^ (x >> np.uint64(31))
    return bits


def hashes(numbers: Numbers, salt: int) -> Hashes:
    """256 random bits of each number."""
    return np.stack([mixed(numbers, 4 * salt + lane) for lane in range(4)], axis=1)


def clean_hashes(numbers: Numbers) -> Hashes:
    """Of the clean pictures: a video's frames are near each other, a copy is its original's."""
    original = numbers - _is_copy(numbers)
    video = original // np.uint64(FRAMES)
    video -= (video % np.uint64(100) == 8).astype(np.uint64)  # of the scene before, which tests
    first = video * np.uint64(FRAMES)
    is_video = mixed(first, 3) % np.uint64(2) == 0
    clean = hashes(np.where(is_video, first, original), salt=1)
    for flip in range(FLIPS):
        bit = mixed(original, 100 + flip) % np.uint64(256)
        lane = (bit // np.uint64(64)).astype(np.int64)
        clean[np.arange(len(clean)), lane] ^= np.uint64(1) << bit % np.uint64(64)
    return clean


def rain_hashes(numbers: Numbers) -> Hashes:
    """Of the rain: each another, but for copies."""
    return hashes(numbers - _is_copy(numbers), salt=2)


def manifest_rows(n_rows: int, piece: int = tables.GROUP_ROWS) -> Iterator[list[ManifestRow]]:
    """The rows of a manifest in pieces, in the order of their ids."""
    per_dataset = -(-n_rows // DATASETS)
    for start in range(0, n_rows, piece):
        numbers = range(start, min(start + piece, n_rows))
        yield [_manifest_row(number, number // per_dataset) for number in numbers]


def inspections(rows: Sequence[ManifestRow]) -> list[Inspection]:
    """Of manifest rows, as if their files had been measured."""
    numbers = np.array([number_of(row.pair_id) for row in rows], dtype=np.uint64)
    clean, rain = clean_hashes(numbers), rain_hashes(numbers)
    original = (numbers - _is_copy(numbers)).tolist()
    return [
        _inspection(row, clean[place].tobytes(), rain[place].tobytes(), original[place])
        for place, row in enumerate(rows)
    ]


def references(queries: Triplets, photo_ids: Sequence[str]) -> list[list[Reference]]:
    """Three references of each query, as if it had been searched."""
    numbers = np.array([number_of(name) for name in queries.ids], dtype=np.uint64)
    first = (mixed(numbers, 7) % np.uint64(len(photo_ids))).tolist()
    scores = np.sort([_shares(numbers, 8 + rank) for rank in range(REFERENCES)], axis=0)[::-1].T.tolist()
    rows: list[list[Reference]] = []
    for name, start, of_query in zip(queries.ids, first, scores, strict=True):
        rows.append([_reference(name, rank, score, start, photo_ids) for rank, score in enumerate(of_query)])
    return rows


def _reference(pair_id: str, rank: int, score: float, start: int, photo_ids: Sequence[str]) -> Reference:
    return Reference(
        pair_id=pair_id,
        rank=rank,
        reference_id=photo_ids[(start + 7 * rank) % len(photo_ids)],
        s_txt=1.0 - score,
        s_vis=score,
        s_perc=score,
    )


def responses(ids: Sequence[str], judge: str) -> list[Response]:
    """What a judge says of each pair: six of ten times yes, one of a hundred times nothing."""
    numbers = np.array([number_of(name) for name in ids], dtype=np.uint64)
    reason = "too much contrast in the upper half"
    answers = []
    for share in _shares(numbers, 20 + JUDGES.index(judge)).tolist():
        mass = 0.0 if share < 0.01 else 1.0
        answers.append(Response(p_yes=min(share + 0.1, 1.0), mass=mass, reply="", reason=reason))
    return answers


def triplets(ids: Sequence[str]) -> list[EncodedRow]:
    """Of pictures, as if they had been encoded: their vectors are as short as can be, since no search looks at them."""
    vector = np.ones(1, dtype=np.float32)
    return [
        EncodedRow(
            id=name,
            caption="rain",
            caption_form="synthetic",
            text_vector=vector,
            image_vector=vector,
            picture=bytes(1),
            encoder="synthetic",
            input_hash=f"{number_of(name):032x}",
        )
        for name in ids
    ]


def write_manifest(path: Path, n_rows: int) -> None:
    """Write a manifest of synthetic rows, a piece at a time."""
    with tables.writer(path, ManifestRow) as table:
        for rows in manifest_rows(n_rows):
            table.rows(rows)


def number_of(pair_id: str) -> int:
    """The number that a synthetic row's id bears."""
    return int(pair_id.rpartition("/")[2])


def _is_copy(numbers: Numbers) -> Numbers:
    is_copy: Numbers = (numbers % np.uint64(100) == 99).astype(np.uint64)
    return is_copy


def _shares(numbers: Numbers, salt: int) -> NDArray[np.float64]:
    return (mixed(numbers, salt) >> np.uint64(11)).astype(np.float64) / 2**53


def _manifest_row(number: int, dataset: int) -> ManifestRow:
    video = number // FRAMES
    is_photo, is_test = number % 100 == 50, video % 50 == 7
    name = f"set{dataset}/scene_{video:07}/{number:09}"
    kind = RAIN_TYPES[video % 4] if dataset % 4 else "luma:drs|nrs"
    role = "real" if is_photo else "test" if is_test else "train"
    return ManifestRow(
        pair_id=name,
        dataset=f"set{dataset}",
        rain_types=() if is_photo else (kind,),
        origin="real" if is_photo else "synthetic",
        role=role,
        root="here",
        input=f"{name}_rainy.png",
        target=None if is_photo else f"{name}_clean.png",
        halves=None,
        group=f"set{dataset}:scene_{video:07}" if dataset % 2 and not is_photo else None,
        input_bytes=900_000 + number % 1000,
        target_bytes=None if is_photo else 800_000,
        input_hash=f"{number:032x}",
        target_hash=None if is_photo else f"{number + 1:032x}",
    )


def _inspection(row: ManifestRow, clean: bytes, rain: bytes, original: int) -> Inspection:
    if original % 200 == 111:
        return Inspection(pair_id=row.pair_id, problem="truncated", detail="the file ends early")
    pixels = f"{original * 2 + 1:032x}"
    if row.role == "real":
        return Inspection(pair_id=row.pair_id, width=512, height=384, mode="RGB", rainy_pixels=pixels)
    return Inspection(
        pair_id=row.pair_id,
        width=512,
        height=384,
        mode="RGB",
        rainy_pixels=pixels,
        clean_pixels=f"{original * 2:032x}",
        clean_hash=clean,
        rain_hash=rain,
        clean_luma=original % 97 / 97,
        difference=20.0,
        peak=0.5 + original % 41 / 100,
        offset=0,
        texture=5.0,
        lowest_rain=0.0,
        rain=20.0,
    )
