"""Seconds and memory of the exact sets of near hashes; a comparison of all with all must give the same sets.

    python -m benchmarks.near_duplicates --hashes 10000 40000 100000 1000000

`random`: distinct hashes of which no two are near. `videos`: frames, 1,000 of a video, each with up to 8 bits flipped: half
a thousand million near pairs at 1,000,000 hashes. `smooth`: hashes whose bits are alike in rows and columns, as in
photographs. Each figure is of a process of its own. Up to 10,000 hashes the sets are compared with those that all
comparisons give.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import connected_components

from unirain_core.imaging.near import Hashes, Ints, near_sets

BITS = 30
"""The default of `verified_pairs.near_duplicate_bits`."""
COMPARED = 10_000


def random_hashes(n: int) -> Hashes:
    """Distinct hashes of which no two are near."""
    return np.random.default_rng(0).integers(0, 2**64, (n, 4), dtype=np.uint64)


def frames(n: int) -> Hashes:
    """Videos of 1,000 frames."""
    rng = np.random.default_rng(1)
    hashes = np.repeat(random_hashes(-(-n // 1000)), 1000, axis=0)[:n]
    for _ in range(8):
        bit = rng.integers(0, 256, n)
        hashes[np.arange(n), bit // 64] ^= np.uint64(1) << (bit % 64).astype(np.uint64)
    return hashes


def smooth_hashes(n: int) -> Hashes:
    """The hashes of smooth noise: neighbouring bits agree more often than not."""
    rng = np.random.default_rng(2)
    pieces = []
    for start in range(0, n, 10_000):
        noise = rng.normal(size=(min(10_000, n - start), 16, 17))
        grey = gaussian_filter(noise, (0, 1.0, 1.0))
        pieces.append(np.packbits(grey[:, :, :-1] < grey[:, :, 1:]).view(np.uint64).reshape(-1, 4))
    return np.concatenate(pieces)


KINDS: dict[str, Callable[[int], Hashes]] = {
    "random": random_hashes,
    "videos": frames,
    "smooth": smooth_hashes,
}


def main() -> None:
    """Print a line for each number of hashes and kind."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hashes", type=int, nargs="+", default=[10_000, 40_000, 100_000, 1_000_000])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[*KINDS])
    parser.add_argument("--one", action="store_true", help="measure in this process")
    arguments = parser.parse_args()
    if arguments.one:
        measure(arguments.kinds[0], arguments.hashes[0])
        return
    print(f"{'kind':8} {'hashes':>9} {'sets':>8} {'seconds':>8} {'MiB':>6}")
    for kind in arguments.kinds:
        for n in arguments.hashes:
            one = [
                sys.executable,
                "-m",
                "benchmarks.near_duplicates",
                "--one",
                "--kinds",
                kind,
                "--hashes",
                str(n),
            ]
            subprocess.run(one, check=True)


def measure(kind: str, n: int) -> None:
    """Print the figures of one kind and number; the memory holds the hashes themselves as well."""
    hashes = KINDS[kind](n)
    before = time.perf_counter()
    sets = near_sets(hashes, BITS)
    seconds = time.perf_counter() - before
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{kind:8} {n:9} {len(np.unique(sets)):8} {seconds:8.1f} {mebibytes:6.0f}", flush=True)
    if n <= COMPARED:
        demand_equal(sets, by_all_comparisons(hashes))


def by_all_comparisons(hashes: Hashes) -> Ints:
    """The sets as comparing all with all gives them."""
    near = np.empty((len(hashes), len(hashes)), dtype=np.bool_)
    for row, one in enumerate(hashes):
        near[row] = np.bitwise_count(hashes ^ one).sum(axis=1, dtype=np.uint16) <= BITS
    sets: Ints = connected_components(near.astype(np.int8), directed=False)[1]
    return sets


def demand_equal(first: Ints, second: Ints) -> None:
    """End with an error unless both say the same of all."""
    both = np.unique(np.stack([first, second]), axis=1).shape[1]
    if not both == len(np.unique(first)) == len(np.unique(second)):
        sys.exit("the sets are not those of all comparisons")


if __name__ == "__main__":
    main()
