"""How well sets of pictures cover the real photos in the space of image vectors (Figure 6b).

Coverage and density are those of Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
"""(N, D) image vectors."""

BATCH = 1024
"""Rows of a matrix of distances that are in memory at once."""


def squared_distances(some: Vectors, others: Vectors) -> Vectors:
    """(N, M) squared Euclidean distances."""
    products = some @ others.T
    distances: Vectors = (some**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * products
    return np.maximum(distances, 0)


def squared_radii(real: Vectors, neighbours: int) -> Vectors:
    """(N,) squared distance of each real photo to its k-th nearest other one.

    Raises:
        ValueError: there are not more photos than neighbours.
    """
    if len(real) <= neighbours:
        raise ValueError(f"{len(real)} photos have no {neighbours} neighbours each")
    radii = [
        # the nearest of all is the photo itself
        np.partition(squared_distances(real[start : start + BATCH], real), neighbours, axis=1)[:, neighbours]
        for start in range(0, len(real), BATCH)
    ]
    return np.concatenate(radii)


@dataclass(slots=True, eq=False)
class Tally:
    """Counts the neighbourhoods of real photos into which the pictures of a set fall, batch by batch."""

    real: Vectors
    """(R, D) of the real photos."""
    radii: Vectors
    """(R,) squared radii of their neighbourhoods."""
    neighbours: int
    """k: the k-th nearest other photo lies on the border of a neighbourhood."""
    pictures: int = 0
    """Pictures of the set that have been counted."""
    _is_covered: NDArray[np.bool_] = field(init=False)
    _hits: int = 0

    def __post_init__(self) -> None:
        self._is_covered = np.zeros(len(self.real), dtype=np.bool_)

    @classmethod
    def of(cls, real: Vectors, neighbours: int) -> Self:
        """Of a database of photos; see `squared_radii`."""
        return cls(real=real, radii=squared_radii(real, neighbours), neighbours=neighbours)

    def empty(self) -> Self:
        """The same neighbourhoods, and no picture yet."""
        return type(self)(real=self.real, radii=self.radii, neighbours=self.neighbours)

    def add(self, vectors: Vectors) -> None:
        """Count some pictures of the set."""
        for start in range(0, len(vectors), BATCH):
            is_inside = squared_distances(vectors[start : start + BATCH], self.real) <= self.radii
            self._is_covered |= is_inside.any(axis=0)
            self._hits += int(is_inside.sum())
        self.pictures += len(vectors)

    @property
    def coverage(self) -> float:
        """Share of the real photos that have a picture of the set in their neighbourhood; 1 is the best."""
        return float(self._is_covered.mean())

    @property
    def density(self) -> float:
        """Mean number of neighbourhoods into which a picture falls, divided by k; about 1 if the set is spread like the photos."""
        return self._hits / (self.neighbours * self.pictures) if self.pictures else 0.0


def principal_axes(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Mean and the two axes of largest variance, by singular values.

    Returns:
        (D,) mean and (2, D) axes. The component of each axis with the largest size is positive, since the signs of singular
        vectors are arbitrary and the map would be mirrored at random.
    """
    mean = vectors.mean(axis=0)
    axes = np.linalg.svd(vectors - mean, full_matrices=False)[2][:2]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return mean, axes * np.sign(largest)


def projected(sets: Mapping[str, Vectors]) -> dict[str, Vectors]:
    """(N, 2) places of every set's pictures on the two principal axes of all of them together."""
    mean, axes = principal_axes(np.concatenate(list(sets.values())))
    return {name: (vectors - mean) @ axes.T for name, vectors in sets.items()}


def parted(places: Vectors, sets: Mapping[str, Vectors]) -> dict[str, Vectors]:
    """Split places of all sets' pictures, one set after the other, into the places of each set."""
    stops: Sequence[int] = np.cumsum([len(vectors) for vectors in sets.values()])[:-1].tolist()
    return dict(zip(sets, np.split(places, stops), strict=True))
