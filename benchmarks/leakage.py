"""Recall and false alarms of the report on leakage, on copies of own making.

    python -m benchmarks.leakage [--pairs FOLDER] [--seed N] [--write] [--scale 20000 100000]

Of each pair a copy is made, a dozen kinds, and looked for among all pairs; a kind counts as found where the copy's own original
is, and as told where the report also says what it is. False alarms are different pictures that are taken for copies: all pairs
with each other, the smoothest crops, dark pictures, and windows of one photograph that lie beside each other. The pairs are
those of a folder (UNIRAIN_PUBLIC_RAIN), and crops of photographs under rendered rain. `--write` keeps the figures where the
report shows them. `--scale` instead gives the seconds of processor time of the search among so many pictures of eleven sets.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import near_duplicates
from benchmarks.alignment import smoothest
from benchmarks.no_rain import encoded, real_pairs
from unirain_core.distill.leakage import KINDS, Pairs, sharing
from unirain_core.distill.leakage_page import MEASURED
from unirain_core.distill.looks import Look, look
from unirain_core.distill.sightings import Pictures, near_words, sightings
from unirain_core.imaging.codec import RgbImage, read_rgb, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.geometry import resize
from unirain_core.imaging.views import N_WINDOWS, SMALL, Octets, detail
from unirain_core.standins.rain.compose import rain_over, scene_of
from unirain_core.standins.rain.photos import SHIPPED

Pair = tuple[RgbImage, RgbImage]
"""Rainy and clean."""
Change = Callable[[RgbImage], RgbImage]

SIZE = (256, 384)
"""Of the crops of photographs, as in the sample corpus."""
CROPS = 4
"""Of each photograph, apart from each other."""
PATCH = 128
PATCHES = 1200
OF_PATCHES = ("JPEG 75", "half size", "8 pixels less at the upper left", "mirrored")
"""Copies that are made of patches too: these have less to recognise, and 8 pixels are 6 % of them."""
SKIES = 150
DARK = 0.3
"""Median luma below which a picture counts as dark here: `verified_pairs` takes 0.2 for night, which few of these reach."""


def cut(image: RgbImage, *, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0) -> RgbImage:
    """Without some pixels at each edge."""
    height, width = image.shape[:2]
    return image[top : height - bottom, left : width - right]


def halved(image: RgbImage) -> RgbImage:
    """Half as high and wide."""
    height, width = image.shape[:2]
    return resize(image, height // 2, width // 2)


def brightened(image: RgbImage) -> RgbImage:
    """A quarter brighter and ten levels up; what exceeds white is lost."""
    brighter: RgbImage = np.clip(np.rint(image * 1.25 + 10), 0, 255).astype(np.uint8)
    return brighter


def border(image: RgbImage, share: float) -> RgbImage:
    """Without a share of each side, all around."""
    rows, columns = (round(share * side) for side in image.shape[:2])
    return cut(image, left=columns, top=rows, right=columns, bottom=rows)


def mirrored(image: RgbImage) -> RgbImage:
    """Left and right exchanged."""
    return np.ascontiguousarray(image[:, ::-1])


def unchanged(image: RgbImage) -> RgbImage:
    """The same pixels."""
    return image


COPIES: dict[str, tuple[Change, str]] = {
    "the same pixels": (unchanged, "exact"),
    **{f"JPEG {q}": (partial(encoded, format="JPEG", quality=q), "near") for q in (95, 75, 50)},
    "half size": (halved, "near"),
    "brightened": (brightened, "near"),
    "8 pixels less at the upper left": (partial(cut, left=8, top=8), "cropped"),
    "8 pixels less at the upper right": (partial(cut, right=8, top=8), "cropped"),
    "8 pixels less at the lower left": (partial(cut, left=8, bottom=8), "cropped"),
    "8 pixels less at the lower right": (partial(cut, right=8, bottom=8), "cropped"),
    "8 pixels less all around": (partial(cut, left=8, top=8, right=8, bottom=8), "cropped"),
    "2 % less all around": (partial(border, share=0.02), "cropped"),
    "5 % less all around": (partial(border, share=0.05), "cropped"),
    "mirrored": (mirrored, "mirrored"),
    "mirrored, 8 pixels less at a corner": (lambda image: cut(mirrored(image), left=8, top=8), "mirrored"),
    "mirrored, JPEG 50": (lambda image: encoded(mirrored(image), "JPEG", 50), "mirrored"),
}
"""Name to what is done to both sides, and the kind that the report should tell."""

RE_RAINED: dict[str, Change] = {
    "other rain": unchanged,
    "other rain, JPEG 75": partial(encoded, format="JPEG", quality=75),
    "other rain, 8 pixels less at a corner": partial(cut, left=8, top=8),
    "other rain, mirrored": mirrored,
}


def photographs(rng: np.random.Generator) -> list[Pair]:
    """Crops of the shipped photographs, far from each other, under rendered rain."""
    pairs: list[Pair] = []
    for photo in SHIPPED:
        for clean in apart(read_rgb(photo.path)):
            scene = scene_of(to_float(clean), rng, night=not photo.day)
            rainy = np.rint(np.clip(rain_over(scene, rng, drops=False), 0, 1) * 255).astype(np.uint8)
            pairs.append((rainy, clean if photo.day else as_picture(scene.clean)))
    return pairs


def as_picture(field: np.ndarray) -> RgbImage:
    """0 to 1 as 8 bits."""
    picture: RgbImage = np.rint(np.clip(field, 0, 1) * 255).astype(np.uint8)
    return picture


def apart(image: RgbImage) -> Iterable[RgbImage]:
    """Windows that share no pixel, at most `CROPS`."""
    height, width = SIZE
    places = [
        (top, left)
        for top in range(0, image.shape[0] - height + 1, height)
        for left in range(0, image.shape[1] - width + 1, width)
    ]
    return [image[top : top + height, left : left + width] for top, left in places[:CROPS]]


def patches(pairs: Sequence[Pair], rng: np.random.Generator) -> list[Pair]:
    """Pieces of the pairs that share no pixel, `PATCHES` of them: sets of patches are the largest there are."""
    pieces: list[Pair] = []
    for rainy, clean in pairs:
        for top in range(0, clean.shape[0] - PATCH + 1, PATCH):
            for left in range(0, clean.shape[1] - PATCH + 1, PATCH):
                place = (slice(top, top + PATCH), slice(left, left + PATCH))
                pieces.append((rainy[place], clean[place]))
    chosen = rng.permutation(len(pieces))[:PATCHES]
    return distinct(pieces[number] for number in chosen)


def another_rain(pairs: Sequence[Pair], change: Change) -> list[Pair]:
    """Each clean picture, changed, under the rain of the pair before it."""
    changed: list[Pair] = []
    for number, (_, clean) in enumerate(pairs):
        rainy, under = pairs[number - 1]
        layer = Image.fromarray(np.clip(rainy.astype(np.int16) - under, 0, 255).astype(np.uint8))
        target = change(clean)
        added = np.asarray(layer.resize((target.shape[1], target.shape[0])), dtype=np.int16)
        changed.append((np.clip(target + added, 0, 255).astype(np.uint8), target))
    return changed


def found(looks: Sequence[Look], part: Sequence[int]) -> list[tuple[int, int, str]]:
    """Numbers of two pairs of different parts that the report takes for one scene, and as what."""
    numbers = np.arange(len(looks), dtype=np.int32)
    pictures = Pictures(
        content=_ranks([seen.clean for seen in looks]),
        part=np.array(part, dtype=np.int32),
        hashes=_stack([seen.hashes for seen in _distinct(looks)], N_WINDOWS, 32),
        small=_stack([seen.small for seen in _distinct(looks)], SMALL, SMALL),
        sizes=np.array([(seen.height, seen.width) for seen in _distinct(looks)], dtype=np.int32),
    )
    rainy = _ranks([seen.rainy for seen in looks])
    pairs = Pairs(
        part=pictures.part,
        picture=numbers,
        rainy=rainy,
        rain=_stack([seen.rain for seen in looks], N_WINDOWS, 32),
    )
    return [(pair, other, KINDS[kind]) for pair, other, kind, _ in sharing(pairs, sightings(pictures))]


def _stack(octets: Sequence[bytes], rows: int, columns: int) -> Octets:
    return np.frombuffer(b"".join(octets), np.uint8).reshape(-1, rows, columns)


def _distinct(looks: Sequence[Look]) -> list[Look]:
    return list({seen.clean: seen for seen in looks}.values())


def _ranks(names: Sequence[str]) -> np.ndarray:
    order = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([order[name] for name in names], dtype=np.int32)


def recall(originals: Sequence[Look], copies: Sequence[Look], name: str, kind: str) -> dict[str, object]:
    """How many copies lead to their own original, and how many of these are told as what they are."""
    n = len(originals)
    answers = found([*originals, *copies], [0] * n + [1] * n)
    told = {pair - n: answer for pair, other, answer in answers if pair - n == other}
    right = sum(answer == kind for answer in told.values())
    return {"copy": name, "recall": len(told) / n, "of": n, "kind_right": right / max(1, len(told))}


def false_alarms(looks: Sequence[Look], name: str) -> dict[str, object]:
    """How many different pictures are taken for copies of each other, when all are compared with all."""
    answers = found(looks, range(len(looks)))
    wrong = {(min(pair, other), max(pair, other)) for pair, other, _ in answers}
    return {"pictures": name, "false": len(wrong), "of": len(looks) * (len(looks) - 1) // 2}


def beside_each_other(share: float) -> list[tuple[RgbImage, RgbImage]]:
    """Two windows of a photograph, one further to the right by a share of their width."""
    height, width = SIZE
    step = round(share * width)
    windows = []
    for photo in SHIPPED:
        image = read_rgb(photo.path)
        if image.shape[0] >= height and image.shape[1] >= width + step:
            windows.append((image[:height, :width], image[:height, step : step + width]))
    return windows


def one_place(share: float) -> dict[str, object]:
    """How often such windows are taken for copies."""
    windows = beside_each_other(share)
    first, second = ([look("", side, side) for side in sides] for sides in zip(*windows, strict=True))
    n = len(windows)
    wrong = {
        pair
        for pair, other, _ in found([*first, *second], [0] * n + [1] * n)
        if pair < n and other == pair + n
    }
    name = f"windows of one photograph, {share:.0%} of their width apart"
    return {"pictures": name, "false": len(wrong), "of": n}


def strangers(
    pairs: Sequence[Pair], looks: Sequence[Look], rng: np.random.Generator
) -> list[dict[str, object]]:
    """All false alarms."""
    smooth = [smoothest(clean, (128, 128), rng) for _, clean in pairs if min(clean.shape[:2]) > 128]
    smooth_looks = [look("", image, image) for image in smooth]
    few = sorted(
        smooth_looks, key=lambda seen: detail(np.frombuffer(seen.small, np.uint8).reshape(SMALL, SMALL))
    )
    dark = [
        seen for seen, (_, clean) in zip(looks, pairs, strict=True) if np.median(luma(to_float(clean))) < DARK
    ]
    return [
        false_alarms(looks, "all pictures with each other"),
        false_alarms(few[: len(few) // 2], "the smoother half of the smoothest crops"),
        false_alarms(dark, "dark pictures"),
        false_alarms(skies(rng), "clear skies, made of a gradient and noise"),
        *(one_place(share) for share in (0.5, 0.25, 0.1)),
    ]


def skies(rng: np.random.Generator) -> list[Look]:
    """Clear skies: each brightens along a line of its own, under the noise of a sensor."""
    rows, columns = np.mgrid[0:1:256j, 0:1:384j]
    seen: list[Look] = []
    for _ in range(SKIES):
        down, right, level = rng.uniform(-80, 80), rng.uniform(-10, 10), rng.uniform(90, 160)
        grey = level + down * rows + right * columns + rng.normal(0, 1.5, rows.shape)
        sky = np.repeat(np.clip(np.rint(grey), 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
        seen.append(look("", sky, sky))
    return seen


def distinct(pairs: Iterable[Pair]) -> list[Pair]:
    """Pairs of different clean pictures: where two sets share one, it is taken once."""
    return list({clean.tobytes(): (rainy, clean) for rainy, clean in pairs}.values())


def measure(folder: Path | None, seed: int) -> dict[str, object]:
    """All figures, printed as they come."""
    rng = np.random.default_rng(seed)
    public = list(real_pairs(folder, "*")) if folder else []
    rendered = photographs(rng)
    pairs = distinct([*public, *rendered])
    looks = [look("", *pair) for pair in pairs]
    copies: list[dict[str, object]] = []
    for name, (change, kind) in COPIES.items():
        changed = [look("", change(rainy), change(clean)) for rainy, clean in pairs]
        copies.append(recall(looks, changed, name, kind))
        _print_copy(copies[-1])
    pieces = patches(pairs, rng)
    piece_looks = [look("", *pair) for pair in pieces]
    for name in OF_PATCHES:
        change, kind = COPIES[name]
        changed = [look("", change(rainy), change(clean)) for rainy, clean in pieces]
        copies.append(recall(piece_looks, changed, f"patches of {PATCH} pixels: {name}", kind))
        _print_copy(copies[-1])
    for name, change in RE_RAINED.items():
        changed = [look("", rainy, clean) for rainy, clean in another_rain(pairs, change)]
        copies.append(recall(looks, changed, name, "re_rained"))
        _print_copy(copies[-1])
    alarms = strangers(pairs, looks, rng)
    alarms.append(false_alarms(piece_looks, f"patches of {PATCH} pixels that share none"))
    for row in alarms:
        print(f"{row['pictures']:<60} {row['false']:>4} of {row['of']:,} taken for copies", flush=True)
    sources = f"{len(public)} public pairs, {len(rendered)} crops of shipped photographs under rendered rain"
    return {
        "command": "python -m benchmarks.leakage",
        "pictures": len(pairs),
        "sources": f"{sources}; equal clean pictures once",
        "copies": copies,
        "strangers": alarms,
    }


def _print_copy(row: dict[str, object]) -> None:
    print(
        f"{row['copy']:<60} found {row['recall']:7.1%} of {row['of']}, told right {row['kind_right']:7.1%}",
        flush=True,
    )


def scale(numbers: Sequence[int]) -> None:
    """Processor time of the search by words, for pictures of which no two are copies."""
    for n in numbers:
        for kind in ("random", "smooth"):
            hashes = near_duplicates.KINDS[kind](n).view(np.uint8).reshape(n, 1, 32).repeat(N_WINDOWS, axis=1)
            part = (np.arange(n) % 11).astype(np.int32)
            before = time.process_time()
            n_near = sum(len(first) for _, first, _, _ in near_words(hashes, part))
            print(
                f"{kind:8} {n:9,} pictures {time.process_time() - before:8.1f} s, {n_near} near", flush=True
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, default=os.environ.get("UNIRAIN_PUBLIC_RAIN"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="keep the figures for the report")
    parser.add_argument("--scale", type=int, nargs="+", default=[])
    arguments = parser.parse_args()
    if arguments.scale:
        scale(arguments.scale)
        return
    figures = measure(Path(arguments.pairs) if arguments.pairs else None, arguments.seed)
    if arguments.write:
        MEASURED.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
