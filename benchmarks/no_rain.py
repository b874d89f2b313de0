"""How often a pair without rain is let through, and how often real rain is refused: both error rates of `least_rain`.

python -m benchmarks.no_rain [--pairs FOLDER] [--seed N]

Pairs without rain are photographs against copies of themselves, encoded or resampled again. Pairs with rain are those
of a folder (`UNIRAIN_PUBLIC_RAIN`): whole, and with so few of their rainy pixels left that they resemble sparse rain.
"""

import argparse
import io
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage
from skimage import data
from sklearn.datasets import load_sample_images

from unirain_core.config.sections import VerifiedPairs
from unirain_core.imaging.codec import RgbImage, read_rgb, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.difference import rain_strength

Copy = Callable[[RgbImage], RgbImage]

HEIGHT, WIDTH = 320, 400
"""Photographs are cut to this size, so that hundreds of them take minutes."""

SHARES = (0.005, 0.01, 0.02)
"""Shares of the rainy pixels that are kept, as pieces of streaks."""

RAIN = 8
"""Grey levels from which a pixel of a pair counts as rainy."""


def encoded(image: RgbImage, format: str, quality: int) -> RgbImage:
    """The picture as it comes back from a lossy file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, format, quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def resized(image: RgbImage, down: int, right: int, how: Image.Resampling) -> RgbImage:
    """The picture made a little larger or smaller, and back."""
    height, width = image.shape[:2]
    other = Image.fromarray(image).resize((width + right, height + down), how)
    return np.asarray(other.resize((width, height), how))


def shifted(image: RgbImage) -> RgbImage:
    """The picture half a pixel further to the right."""
    moved = ndimage.shift(image.astype(np.float64), (0, 0.5, 0), order=3, mode="nearest")
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def brightened(image: RgbImage, gamma: float) -> RgbImage:
    """The picture with another tone curve."""
    return np.rint(255 * (image / 255) ** gamma).astype(np.uint8)


def sharpened(image: RgbImage) -> RgbImage:
    """The picture after an unsharp mask."""
    return np.asarray(Image.fromarray(image).filter(ImageFilter.UnsharpMask(1.5, 80, 0)))


ENCODED: dict[str, Copy] = {
    **{f"JPEG {q}": partial(encoded, format="JPEG", quality=q) for q in (50, 65, 75, 85, 95)},
    **{f"WebP {q}": partial(encoded, format="WEBP", quality=q) for q in (50, 80)},
    "JPEG 80, then 60": lambda image: encoded(encoded(image, "JPEG", 80), "JPEG", 60),
    "a pixel wider and back": partial(resized, down=0, right=1, how=Image.Resampling.BICUBIC),
    "a pixel smaller and back": partial(resized, down=-1, right=-1, how=Image.Resampling.BICUBIC),
    "bilinear, 3 pixels and back": partial(resized, down=2, right=3, how=Image.Resampling.BILINEAR),
    "a pixel wider and back, JPEG 75": lambda image: encoded(
        resized(image, 1, 1, Image.Resampling.LANCZOS), "JPEG", 75
    ),
    "half a pixel to the right": shifted,
}
"""Copies that must be refused."""

EDITED: dict[str, Copy] = {
    "sharpened": sharpened,
    "tone curve 0.95": partial(brightened, gamma=0.95),
    "tone curve 1.1, JPEG 80": lambda image: encoded(brightened(image, 1.1), "JPEG", 80),
}
"""Copies that a person has edited; that they are refused too is not asked for."""


def photographs(pairs: Path | None) -> Iterator[RgbImage]:
    """Photographs of three packages, and both sides of some pairs: rain on both sides is no rain to remove."""
    for name in ("astronaut", "coffee", "chelsea", "rocket", "retina", "hubble_deep_field"):
        yield np.ascontiguousarray(getattr(data, name)()[:HEIGHT, :WIDTH])
    for name in ("camera", "coins", "moon", "page", "text", "clock", "brick", "grass", "gravel"):
        grey = getattr(data, name)()[:HEIGHT, :WIDTH]
        yield np.repeat(grey[:, :, None], 3, axis=2)
    for image in load_sample_images().images:
        yield np.ascontiguousarray(image[:HEIGHT, :WIDTH])
    for number, (rainy, clean) in enumerate(real_pairs(pairs)):
        yield (rainy if number % 3 == 0 else clean)[:HEIGHT, :WIDTH]


def real_pairs(folder: Path | None, sets: str = "*") -> Iterator[tuple[RgbImage, RgbImage]]:
    """Rainy and clean picture of every pair under `SET/input` and `SET/target`."""
    for targets in sorted(folder.glob(f"{sets}/target")) if folder else ():
        clean = {file.stem: file for file in targets.iterdir()}
        for file in sorted((targets.parent / "input").iterdir()):
            yield read_rgb(file), read_rgb(clean[file.stem])


def sparse(rainy: RgbImage, clean: RgbImage, share: float, rng: np.random.Generator) -> RgbImage:
    """The clean picture with a share of the rainy pixels, as pieces of 12 x 12 pixels."""
    is_rainy = np.abs(rainy.astype(np.int16) - clean).max(axis=-1) > RAIN
    rows, columns = (side // 12 + 1 for side in is_rainy.shape)
    is_kept = np.kron(rng.random((rows, columns)) < share, np.ones((12, 12), bool))
    is_kept = is_kept[: is_rainy.shape[0], : is_rainy.shape[1]]
    return np.where((is_kept & is_rainy)[..., None], rainy, clean)


def strength(rainy: RgbImage, clean: RgbImage) -> float:
    """The measured strength of a pair's rain."""
    return rain_strength(luma(to_float(rainy)), luma(to_float(clean)))


def main() -> None:
    """Print both error rates."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, default=os.environ.get("UNIRAIN_PUBLIC_RAIN"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--photographs", type=int, default=1000, help="Take at most so many.")
    arguments = parser.parse_args()
    folder = Path(arguments.pairs) if arguments.pairs else None
    params, rng = VerifiedPairs(), np.random.default_rng(arguments.seed)
    photos = [photo for photo in photographs(folder) if min(photo.shape[:2]) >= params.min_side]
    photos = photos[:: max(1, len(photos) // arguments.photographs)]
    print(f"least_rain {params.least_rain}; {len(photos)} photographs")
    for title, copies in (("encoded or resampled again", ENCODED), ("edited", EDITED)):
        passed, total = 0, 0
        for name, copy in copies.items():
            values = [strength(copy(photo), photo) for photo in photos]
            let_through = sum(value >= params.least_rain for value in values)
            passed, total = passed + let_through, total + len(values)
            print(f"  {name:34s} strongest {max(values):5.2f}, let through {let_through} of {len(values)}")
        print(f"{title}: {passed} of {total} pairs without rain are let through ({passed / total:.2%})")
    pairs = list(real_pairs(folder))
    if not pairs:
        print("no pairs with rain: name their folder with --pairs or UNIRAIN_PUBLIC_RAIN")
        return
    whole = [strength(rainy, clean) for rainy, clean in pairs]
    refused = sum(value < params.least_rain for value in whole)
    print(f"pairs with rain: weakest {min(whole):.2f}, {refused} of {len(whole)} refused")
    for share in SHARES:
        values = [strength(sparse(rainy, clean, share, rng), clean) for rainy, clean in pairs]
        refused = sum(value < params.least_rain for value in values)
        print(f"  {share:.1%} of their rainy pixels left: {refused} of {len(pairs)} refused")


if __name__ == "__main__":
    main()
