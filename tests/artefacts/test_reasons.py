"""Reasons are a closed set, and each has a sentence for a person."""

from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.reasons import REASONS


def test_every_reason_has_its_sentence_and_no_sentence_is_left_over():
    assert set(MEANINGS) == REASONS
