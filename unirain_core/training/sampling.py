"""The pairs and crops of each batch: a pure function of the seed and the step."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from unirain_core.training.pairs import Example, Pictures, random_crop, to_tensors

READERS = 4
"""Threads that decode and crop the next batches while the network works."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One crop of a batch."""

    rain_type: int
    """Position of its type in rain_types."""
    index: int
    """Position of its pair among the type's pairs."""
    seed: tuple[int, ...]
    """Seed of its place and orientation."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Crops of all rain types."""

    rainy: Tensor
    """(B, 3, H, W) float32 in [0, 1]."""
    clean: Tensor
    """The same shape."""
    types: Tensor
    """(B,) int64 positions in rain_types."""


@dataclass(frozen=True, slots=True)
class Sampler:
    """Stratified batches: as many crops of each type as of any other.

    Each type's pairs come in an order that is shuffled anew every time all have been seen. There is no state, so that a
    resumed run draws the same crops as one that was never interrupted.
    """

    sizes: tuple[int, ...]
    """Pairs of each type, at least one."""
    per_type: int
    """Crops of each type in a batch."""
    seed: int
    rank: int = 0
    world: int = 1
    """Of the batch's crops, type by type, this process draws every `world`-th from the `rank`-th on. A batch of the paper, two crops
    of each of four types, is so shared out to up to eight processes."""

    def draws(self, step: int) -> list[Draw]:
        """The crops of a step's batch that fall to this process."""
        draws: list[Draw] = []
        for rain_type in range(len(self.sizes)):
            for slot in range(self.per_type):
                pair = self._pair(rain_type, step * self.per_type + slot)
                draws.append(Draw(rain_type, pair, (self.seed, step, rain_type, slot)))
        return draws[self.rank :: self.world]

    def _pair(self, rain_type: int, position: int) -> int:
        round_, place = divmod(position, self.sizes[rain_type])
        return int(_order(self.seed, rain_type, round_, self.sizes[rain_type])[place])


@lru_cache(maxsize=64)
def _order(seed: int, rain_type: int, round_: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.random.default_rng((seed, rain_type, round_)).permutation(size)


def step_seed(seed: int, step: int, rank: int) -> int:
    """Seed of whatever else is random in a step; 64 bits."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0])


def batches(
    pictures: Sequence[Pictures | Sequence[Example]],
    sampler: Sampler,
    *,
    patch: int,
    turned: bool,
    clean_share: float,
    steps: range,
) -> Iterator[Batch]:
    """The batches of some steps, made ahead by a few threads.

    Args:
        pictures: of each rain type.
        sampler: draws from them.
        patch: side of a crop in pixels.
        turned: whether crops are turned, as of `random_crop`.
        clean_share: share of the crops whose rainy side is the clean one too.
        steps: which steps.
    """

    def make(step: int) -> Batch:
        draws = sampler.draws(step)
        crops = []
        for draw in draws:
            rng = np.random.default_rng(draw.seed)
            crop = random_crop(pictures[draw.rain_type][draw.index], patch, rng, turned=turned)
            # drawn last, so that the crops are the same whatever the share is
            is_dry = rng.random() < clean_share
            crops.append(Example(crop.clean, crop.clean) if is_dry else crop)
        return Batch(*to_tensors(crops), torch.tensor([d.rain_type for d in draws]))

    with ThreadPoolExecutor(READERS) as pool:
        ahead: deque[Future[Batch]] = deque(pool.submit(make, step) for step in steps[:READERS])
        try:
            for step in steps:
                batch = ahead.popleft().result()
                if step + READERS in steps:
                    ahead.append(pool.submit(make, step + READERS))
                yield batch
        finally:
            pool.shutdown(cancel_futures=True)
