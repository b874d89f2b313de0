"""Bits flipped in stored artefacts, time stamps unchanged, are noticed and healed: a seeded miniature of the program."""

import pytest

from benchmarks.flips import KINDS, flip_all
from tests.end_to_end.conftest import copy_of


@pytest.mark.slow
def test_a_flipped_bit_of_every_kind_is_healed_noticed_or_without_effect(reproduced, tmp_path):
    outcomes = flip_all(copy_of(reproduced, tmp_path), len(KINDS), seed=0)

    assert sorted(KINDS) == sorted(kind for kind, _ in outcomes)
    assert [] == [verdict for _, verdict in outcomes if "FAULT" in verdict]
