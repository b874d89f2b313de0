from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.training.pairs import Example, Pictures
from unirain_core.training.sampling import Sampler, batches


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_batch_is_a_function_of_seed_and_step_alone(seed, step):
    once, again = (Sampler((5, 3), 4, seed).draws(step) for _ in range(2))

    assert once == again


@given(st.lists(st.integers(1, 20), min_size=1, max_size=4), st.integers(1, 6))
def test_every_type_has_the_same_share_of_every_batch(sizes, per_type):
    draws = Sampler(tuple(sizes), per_type, 0).draws(7)

    assert dict.fromkeys(range(len(sizes)), per_type) == Counter(d.rain_type for d in draws)


def test_every_pair_is_seen_once_before_any_is_seen_twice():
    sampler = Sampler((6,), 4, 0)
    seen = [draw.index for step in range(3) for draw in sampler.draws(step)]

    assert list(range(6)) == sorted(seen[:6]) == sorted(seen[6:])
    assert seen[:6] != seen[6:]


@pytest.mark.parametrize("world", [1, 2, 4, 8])
def test_processes_share_out_the_batch_of_one_evenly(world):
    whole = Sampler((5, 3), 4, 0).draws(2)
    shared = [draw for rank in range(world) for draw in Sampler((5, 3), 4, 0, rank, world).draws(2)]

    assert sorted(whole, key=str) == sorted(shared, key=str)
    assert {8 // world} == {len(Sampler((5, 3), 4, 0, rank, world).draws(2)) for rank in range(world)}


def test_no_two_crops_have_the_same_seed():
    sampler = Sampler((2, 2), 3, 0)
    seeds = [draw.seed for step in range(20) for draw in sampler.draws(step)]

    assert len(seeds) == len(set(seeds))


def test_batches_made_ahead_are_those_of_their_steps():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (20, 24, 3), dtype=np.uint8) for _ in range(6)]
    pictures: list[Pictures | Sequence[Example]] = [
        [Example(image, 255 - image) for image in images[i : i + 3]] for i in (0, 3)
    ]
    sampler = Sampler((3, 3), 2, 5)
    whole = list(batches(pictures, sampler, patch=8, turned=True, clean_share=0.0, steps=range(10)))
    late = list(batches(pictures, sampler, patch=8, turned=True, clean_share=0.0, steps=range(7, 10)))

    assert len(whole) == 10
    assert whole[0].rainy.shape == (4, 3, 8, 8)
    assert whole[0].types.tolist() == [0, 0, 1, 1]
    assert all(torch.equal(a.rainy, b.rainy) for a, b in zip(whole[7:], late, strict=True))
    torch.testing.assert_close(whole[3].rainy, 1 - whole[3].clean)
