"""Both error rates of `least_rain`, on the photographs that ship in packages and on public pairs."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.no_rain import ENCODED, photographs, real_pairs, sparse, strength
from unirain_core.config.sections import VerifiedPairs

LEAST = VerifiedPairs().least_rain


@pytest.mark.slow
def test_no_copy_of_a_photograph_is_let_through():
    through = [
        name
        for photo in photographs(None)
        for name, copy in ENCODED.items()
        if strength(copy(photo), photo) >= LEAST
    ]

    assert through == []


@pytest.mark.slow
@pytest.mark.skipif(
    "UNIRAIN_PUBLIC_RAIN" not in os.environ, reason="UNIRAIN_PUBLIC_RAIN names no folder of pairs"
)
def test_no_public_pair_is_refused_and_few_of_those_with_two_percent_of_their_rain():
    rng = np.random.default_rng(0)
    pairs = list(real_pairs(Path(os.environ["UNIRAIN_PUBLIC_RAIN"])))
    thinned = [strength(sparse(rainy, clean, 0.02, rng), clean) < LEAST for rainy, clean in pairs]

    assert len(pairs) >= 100
    assert min(strength(rainy, clean) for rainy, clean in pairs) >= LEAST
    assert np.mean(thinned) <= 0.03
