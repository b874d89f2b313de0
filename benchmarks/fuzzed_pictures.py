"""Damaged and hostile pictures through the decoder and `unirain derain`: crashes, hangs, memory, and damage unseen.

python -m benchmarks.fuzzed_pictures [--count N] [--seed N] [--stages] [--derain CHECKPOINT]

Prints how many files were refused and how many whose pixels had changed were let through, by format; the longest time
and the largest memory of a process. With --stages the same files are the rainy halves of a dataset, which the stages list
and verify. With --derain they go through the command as one folder, with a photo of 12 megapixels among them.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from ruamel.yaml import YAML
from skimage import data

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, Pair
from unirain_core.errors import ItemError
from unirain_core.imaging.codec import MAX_PIXELS, RgbImage, decode

ROOT = Path(__file__).parents[1]

KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "PNG": ("PNG", {}),
    "JPEG": ("JPEG", {"quality": 85}),
    "JPEG progressive": ("JPEG", {"quality": 80, "progressive": True}),
    "WebP": ("WEBP", {"quality": 80}),
    "WebP lossless": ("WEBP", {"lossless": True}),
    "TIFF": ("TIFF", {}),
    "TIFF LZW": ("TIFF", {"compression": "tiff_lzw"}),
    "BMP": ("BMP", {}),
    "GIF": ("GIF", {}),
    "AVIF": ("AVIF", {}),
}
"""Name to Pillow's format and options."""

DAMAGES = ("a flipped bit", "a run of zeros", "a run of noise", "cut", "a part twice", "a damaged head")

VISIBLE = 45.0
"""PSNR in dB to the undamaged picture below which a damage can be seen at all."""

RUINED = 20.0
"""PSNR in dB below which the picture is of no use."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One damaged file."""

    kind: str
    damage: str
    content: bytes
    whole: RgbImage
    """The pixels before the damage."""


def cases(count: int, seed: int) -> list[Case]:
    """So many damaged files; every one is a function of the seed and of its number."""
    made = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        kind = list(KINDS)[number % len(KINDS)]
        damage = DAMAGES[number // len(KINDS) % len(DAMAGES)]
        format, options = KINDS[kind]
        file = io.BytesIO()
        Image.fromarray(_photo(rng)).save(file, format, **options)
        content = file.getvalue()
        made.append(Case(kind, damage, _damaged(content, damage, rng), decode(content).pixels))
    return made


def _photo(rng: np.random.Generator) -> RgbImage:
    """A crop of a photograph of a random size."""
    photo: RgbImage = getattr(data, ("astronaut", "coffee", "chelsea")[int(rng.integers(3))])()
    height, width = (int(rng.integers(40, side)) for side in (300, 400))
    top, left = (
        int(rng.integers(side - cut)) for side, cut in zip(photo.shape, (height, width), strict=False)
    )
    return np.ascontiguousarray(photo[top : top + height, left : left + width])


def _damaged(content: bytes, damage: str, rng: np.random.Generator) -> bytes:
    first = min(len(content) // 4, 700)  # behind the head, which decoders check themselves
    place = int(rng.integers(first, len(content)))
    length = int(rng.integers(1, 512))
    match damage:
        case "a flipped bit":
            flipped = content[place] ^ 1 << int(rng.integers(8))
            return content[:place] + bytes([flipped]) + content[place + 1 :]
        case "a run of zeros":
            return content[:place] + bytes(len(content[place : place + length])) + content[place + length :]
        case "a run of noise":
            noise = rng.bytes(len(content[place : place + length]))
            return content[:place] + noise + content[place + length :]
        case "cut":
            return content[:place]
        case "a part twice":
            return content[: place + length] + content[place:]
        case _:
            spot = int(rng.integers(4, first))
            return content[:spot] + rng.bytes(int(rng.integers(1, 9))) + content[spot + 8 :]


def psnr(first: RgbImage, second: RgbImage) -> float:
    """PSNR in dB; 0 where the sizes differ, infinite for equal pictures."""
    if first.shape != second.shape:
        return 0.0
    error = float(np.mean((first.astype(np.float64) - second) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


@dataclass(slots=True)
class Tally:
    """Numbers of files of one kind, by how they ended."""

    files: int = 0
    refused: int = 0
    equal: int = 0
    """Let through, and the damage has changed no pixel."""
    visible: int = 0
    """Let through although below VISIBLE."""
    ruined: int = 0
    """Let through although below RUINED."""

    def line(self, name: str) -> str:
        """One line of the table."""
        changed = self.files - self.equal
        share = self.refused / changed if changed else 1.0
        return (
            f"  {name:18s} {self.files:4d} files: {self.refused:4d} refused, {self.equal:3d} unchanged; of the changed "
            f"ones {share:4.0%} found; let through below {VISIBLE:.0f} dB {self.visible}, below {RUINED:.0f} dB {self.ruined}"
        )


def measured(fuzzed: list[Case]) -> tuple[dict[str, Tally], Counter[str], float]:
    """Decode every file as `verified_pairs` does: tallies by kind, reasons, and the longest time in seconds."""
    tallies = {kind: Tally() for kind in KINDS}
    reasons: Counter[str] = Counter()
    longest = 0.0
    for case in fuzzed:
        tally = tallies[case.kind]
        tally.files += 1
        began = time.monotonic()
        try:
            pixels = decode(case.content, max_pixels=MAX_PIXELS, strict=True).pixels
        except ItemError as error:
            tally.refused += 1
            reasons[error.reason] += 1
        else:
            quality = psnr(pixels, case.whole)
            tally.equal += quality == float("inf")
            tally.visible += quality < VISIBLE
            tally.ruined += quality < RUINED
        longest = max(longest, time.monotonic() - began)
    return tallies, reasons, longest


def verified(fuzzed: list[Case]) -> tuple[int, Counter[str], float, float]:
    """The stages that list and verify: pairs that stay, dropped rows by reason, seconds, and gigabytes of a process."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number, case in enumerate(fuzzed):
            for side in ("input", "target"):
                (root / "pool" / side).mkdir(parents=True, exist_ok=True)
            (root / f"pool/input/{number:05d}.png").write_bytes(case.content)
            Image.fromarray(case.whole).save(root / f"pool/target/{number:05d}.png")
        yaml = YAML()
        params = yaml.load(ROOT / "params.yaml")
        params["rain_types"], params["sample_corpora"] = ["drs"], {}
        fuzzed_set = {"layout": "paired", "root": "here", "rain_types": ["drs"], "role": "train"}
        params["raw_datasets"]["datasets"] = {"fuzzed": fuzzed_set}
        params["verified_pairs"]["least_rain"] = 0  # these pairs have no rain but the damage
        yaml.dump(params, root / "params.yaml")
        (root / "roots.local.yaml").write_text("here: pool\n", encoding="utf-8")
        began = time.monotonic()
        peak = max(unirain(root, "run", stage) for stage in ("raw_datasets", "verified_pairs"))
        seconds = time.monotonic() - began
        dropped = [
            tables.read(root / f"data/{stage}/dropped.parquet", Dropped) for stage in ("raw", "verified")
        ]
        reasons = Counter(row.reason for rows in dropped for row in rows)
        kept = len(tables.read(root / "data/verified/pairs.parquet", Pair))
        if kept + sum(reasons.values()) != len(fuzzed):
            raise RuntimeError(f"{len(fuzzed)} pairs became {kept} pairs and {reasons}")
        return kept, reasons, seconds, peak


def unirain(root: Path, *arguments: str) -> float:
    """Run a command of the project in a folder; the gigabytes of its largest process.

    Raises:
        RuntimeError: it failed.
    """
    environment = os.environ | {"UNIRAIN_HOME": str(root / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "unirain_core.cli.main", *arguments]
    done, gigabytes = with_memory(command, root, environment)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return gigabytes


def derained(fuzzed: list[Case], checkpoint: Path) -> tuple[int, int, float, float]:
    """The command over a folder of the files: its exit code, pictures written, seconds, and gigabytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for number, case in enumerate(fuzzed):
            (folder / "in" / f"{number:05d}.png").write_bytes(case.content)
        large = Image.fromarray(fuzzed[0].whole).resize((4000, 3000))
        large.save(folder / "in/12-megapixels.png", compress_level=1)
        command = [sys.executable, "-m", "unirain_core.cli.main", "derain", f"{folder}/in", f"{folder}/out"]
        began = time.monotonic()
        environment = os.environ | {"UNIRAIN_HOME": f"{folder}/home"}
        done, peak = with_memory([*command, "--checkpoint", str(checkpoint)], folder, environment)
        written = len(list((folder / "out").glob("*.png")))
        return done.returncode, written, time.monotonic() - began, peak


_WAIT = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""A small process that waits for a command. The kernel counts the memory of a process from what its parent held when it
began, and the memory of children from the first child on: asked of this process, the figure would be that of others."""


def with_memory(
    command: list[str], folder: Path, environment: dict[str, str]
) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a command in a folder: how it ended, and the gigabytes of its largest process."""
    done = subprocess.run(
        [sys.executable, "-c", _WAIT, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, int(done.stdout.split()[-1]) / 1e6


def main() -> None:
    """Print what became of the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--derain", type=Path, metavar="CHECKPOINT")
    arguments = parser.parse_args()
    fuzzed = cases(arguments.count, arguments.seed)
    tallies, reasons, longest = measured(fuzzed)
    print(f"{len(fuzzed)} damaged files, seed {arguments.seed}: no crash")
    for kind, tally in tallies.items():
        print(tally.line(kind))
    print(f"  reasons: {dict(sorted(reasons.items()))}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"longest file {longest:.2f} s; this process at most {peak:.2f} GB")
    if arguments.stages:
        kept, dropped, seconds, gigabytes = verified(fuzzed)
        print(
            f"raw_datasets and verified_pairs: {kept} of {len(fuzzed)} pairs stay, {dict(sorted(dropped.items()))}, "
            f"{seconds:.0f} s, at most {gigabytes:.2f} GB a process"
        )
    if arguments.derain:
        code, written, seconds, gigabytes = derained(fuzzed, arguments.derain)
        print(
            f"unirain derain: exit code {code}, {written} of {len(fuzzed) + 1} derained, {seconds:.0f} s, "
            f"at most {gigabytes:.2f} GB"
        )


if __name__ == "__main__":
    main()
