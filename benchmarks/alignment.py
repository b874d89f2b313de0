"""How often `wrong_clean` and `misaligned` drop a sound small pair, and how often they let another scene pass.

python -m benchmarks.alignment [--pairs FOLDER] [--seed N]

The pairs are small crops of clean pictures under the rain of other pairs: light (Rain100L, Rain200L) or heavy
(Rain100H, Rain200H). "Smooth" crops are the smoothest of 24, "any" crops lie anywhere.
"""

import argparse
import os
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.no_rain import real_pairs
from unirain_core.config.sections import VerifiedPairs
from unirain_core.distill.inspection import inspect
from unirain_core.distill.integrity import fault
from unirain_core.imaging.codec import RgbImage

SIZES = ((128, 128), (70, 300), (96, 96))
"""Height and width of the crops: the small pictures and strips on which sound pairs were once dropped."""

CROPS = 24
"""Random crops of a picture of which the smoothest is taken."""


def crop(image: RgbImage, size: tuple[int, int], rng: np.random.Generator) -> RgbImage:
    """A random crop."""
    top, left = (int(rng.integers(side - cut + 1)) for side, cut in zip(image.shape[:2], size, strict=True))
    return image[top : top + size[0], left : left + size[1]]


def smoothest(image: RgbImage, size: tuple[int, int], rng: np.random.Generator) -> RgbImage:
    """The random crop with the smallest vertical steps."""
    crops = [crop(image, size, rng) for _ in range(CROPS)]
    return min(crops, key=lambda cut: float(np.abs(np.diff(cut.mean(axis=-1), axis=0)).mean()))


def layers(folder: Path, sets: str) -> list[RgbImage]:
    """The light that rain adds to the pictures of some sets, 0 to 255."""
    added = []
    for rainy, clean in real_pairs(folder, sets):
        added.append(np.maximum(rainy.astype(np.int16) - clean, 0).astype(np.uint8))
    return added


def under_rain(clean: RgbImage, layer: RgbImage) -> RgbImage:
    """The clean picture with the rain of another pair."""
    rainy: RgbImage = np.minimum(255, clean.astype(np.int16) + layer).astype(np.uint8)
    return rainy


def is_dropped(rainy: RgbImage, clean: RgbImage, params: VerifiedPairs) -> bool:
    """Whether the checks of alignment drop the pair."""
    found = fault(inspect("", "RGB", rainy, clean), params)
    return found is not None and found.reason in ("wrong_clean", "misaligned")


def main() -> None:
    """Print both error rates."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, default=os.environ.get("UNIRAIN_PUBLIC_RAIN"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not arguments.pairs:
        parser.error("name a folder of pairs with --pairs or UNIRAIN_PUBLIC_RAIN")
    folder, rng, params = Path(arguments.pairs), np.random.default_rng(arguments.seed), VerifiedPairs()
    # light and heavy sets share backgrounds, so that their clean pictures are not all strangers
    scenes = [clean for _, clean in real_pairs(folder, "[!R]*")] + [c for _, c in real_pairs(folder, "Road*")]
    dropped: dict[str, list[bool]] = defaultdict(list)
    for strength, sets in (("light", "Rain?00L"), ("heavy", "Rain?00H")):
        rains = layers(folder, sets)
        for size in SIZES:
            for number, scene in enumerate(scenes):
                for kind, cut in (("smooth", smoothest), ("any", crop)):
                    clean = cut(scene, size, rng)
                    other = crop(
                        scenes[(number + 1 + int(rng.integers(len(scenes) - 1))) % len(scenes)], size, rng
                    )
                    rainy = under_rain(clean, crop(rains[int(rng.integers(len(rains)))], size, rng))
                    dropped[f"sound pairs, {kind} crops, {strength} rain"].append(
                        is_dropped(rainy, clean, params)
                    )
                    dropped[f"another scene, {kind} crops, {strength} rain"].append(
                        is_dropped(rainy, other, params)
                    )
    for name, values in sorted(dropped.items()):
        print(f"{name:44s} {sum(values):4d} of {len(values)} dropped ({np.mean(values):.1%})")


if __name__ == "__main__":
    main()
