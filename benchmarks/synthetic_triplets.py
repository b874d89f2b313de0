"""Synthetic triplets: captions and image vectors in clusters, many of them twice, and pictures of which some stand twice.

Ties and near ties then occur at every border of a search.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.triplets import Triplets

DIMENSIONS, SIDE = 512, 128
"""Of the vectors, and of the square grey pictures in pixels."""
CLUSTERS = 200
PIECE = 1000
"""Pictures that are drawn at once: 16 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Captions, looks and scenes, from which triplets are drawn."""

    rng: np.random.Generator
    folder: Path
    captions: NDArray[np.float32]
    """(C, D) centres of clusters."""
    looks: NDArray[np.float32]
    """(C, D)."""
    scenes: NDArray[np.uint8]
    """(C, S, S)."""

    @classmethod
    def drawn(cls, rng: np.random.Generator, folder: Path) -> "World":
        """A world of as many captions, looks and scenes as there are clusters."""
        captions, looks = rng.normal(size=(2, CLUSTERS, DIMENSIONS)).astype(np.float32)
        coarse = rng.integers(40, 216, (CLUSTERS, SIDE // 8, SIDE // 8))
        scenes = np.kron(coarse, np.ones((1, 8, 8), dtype=np.int64))
        return cls(rng, folder, captions, looks, scenes.astype(np.uint8))

    def triplets(self, prefix: str, count: int) -> Triplets:
        """Triplets near random centres; a fifth of them exactly there."""
        n_exact = count // 5
        vectors = []
        for centres in (self.captions, self.looks):
            drawn = centres[self.rng.integers(len(centres), size=count)]
            drawn[n_exact:] += 0.3 * self.rng.normal(size=(count - n_exact, DIMENSIONS)).astype(np.float32)
            vectors.append(drawn)
        return Triplets(
            ids=tuple(f"{prefix}/{n:08d}" for n in range(count)),
            input_hashes=tuple(f"{prefix}{n}" for n in range(count)),
            encoders=("synthetic",),
            text=vectors[0],
            image=vectors[1],
            pictures=self._pictures(self.folder / f"{prefix}.npy", count, n_exact),
        )

    def _pictures(self, path: Path, count: int, n_exact: int) -> NDArray[np.uint8]:
        shape = (count, SIDE, SIDE)
        pictures = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        for start in range(0, count, PIECE):
            part = slice(start, min(start + PIECE, count))
            drawn = self.scenes[self.rng.integers(len(self.scenes), size=part.stop - start)]
            rows = np.arange(start, part.stop)
            noisy = rows >= n_exact
            drawn[noisy] += self.rng.integers(40, size=(int(noisy.sum()), SIDE, SIDE), dtype=np.uint8)
            pictures[part] = drawn
        pictures.flush()
        mapped: NDArray[np.uint8] = np.load(path, mmap_mode="r")
        return mapped


def part_of(triplets: Triplets, rows: slice) -> Triplets:
    """Some rows of triplets."""
    return replace(
        triplets,
        ids=triplets.ids[rows],
        input_hashes=triplets.input_hashes[rows],
        text=triplets.text[rows],
        image=triplets.image[rows],
        pictures=triplets.pictures[rows],
    )
