"""Verified pairs of two datasets and four rain types with their pictures and references, and no vote anywhere."""

import numpy as np
from PIL import Image
from skimage import data

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Pair, RealPhoto, Reference
from unirain_core.imaging.codec import file_hash

TYPES = ("drs", "drd", "nrs", "nrd")
SCENES = (data.astronaut, data.coffee, data.chelsea)
SIZE = (160, 240)


def scene(number, size=SIZE):
    """A crop of a photograph, (H, W, 3); other numbers give other crops."""
    picture = SCENES[number % 3]()[5 * number :, 7 * number :]
    return np.ascontiguousarray(picture[: size[0], : size[1]])


def rained(clean, number):
    noise = np.random.default_rng(number).random(clean.shape[:2]) > 0.98
    streaks = np.any([np.roll(noise, k, axis=0) for k in range(9)], axis=0)[..., None]
    return (clean * (1 - 0.5 * streaks) + 127 * streaks).astype(np.uint8)


def save(file, pixels):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return file_hash(file)


def write_pair(root, dataset, rain_type, number, halves):
    name = f"{dataset}/{rain_type}/{number}"
    clean = scene(number)
    rainy = rained(clean, number)
    if halves:
        input = target = f"{name}.png"
        input_hash = target_hash = save(root / input, np.concatenate([clean, rainy], axis=1))
    else:
        input, target = f"{name}-rain.png", f"{name}-clean.png"
        input_hash, target_hash = save(root / input, rainy), save(root / target, clean)
    return Pair(
        pair_id=name, dataset=dataset, rain_type=rain_type, origin="synthetic", role="train", root="here",
        input=input, target=target, halves="left" if halves else None, scene_id=name, width=SIZE[1], height=SIZE[0],
        mode="RGB", clean_hash=b"", input_hash=input_hash, target_hash=target_hash,
    )  # fmt: skip


def write_pool(root, per_group=2):
    """A project in which pairs wait for a review; the pairs of dataset `halved` are halves of one file."""
    pairs = [
        write_pair(root, dataset, rain_type, 4 * i + TYPES.index(rain_type), dataset == "halved")
        for dataset in ("halved", "plain")
        for rain_type in TYPES
        for i in range(per_group)
    ]
    photos = []
    for number in range(3):
        input_hash = save(root / f"real/{number}.png", rained(scene(20 + number), number))
        photo = RealPhoto(
            photo_id=f"real/{number}", dataset="real", root="here", input=f"real/{number}.png", width=SIZE[1],
            height=SIZE[0], mode="RGB", input_hash=input_hash,
        )  # fmt: skip
        photos.append(photo)
    references = [
        Reference(pair_id=p.pair_id, rank=2 - n, reference_id=f"real/{n}", s_txt=0.5, s_vis=0.5, s_perc=0.5)
        for p in pairs
        for n in range(3)
    ]
    tables.write(root / "data/verified/pairs.parquet", pairs, Pair)
    tables.write(root / "data/verified/real.parquet", photos, RealPhoto)
    tables.write(root / "data/references/references.parquet", references, Reference)
    (root / "roots.local.yaml").write_text("here: .\n")
    (root / "dvc.yaml").write_text("stages: {}\n")
    return pairs
