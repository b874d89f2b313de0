"""The program that damages pictures: nothing crashes, PNG hides nothing, and the figures can be drawn again."""

import sys

import numpy as np
import pytest

from benchmarks.fuzzed_pictures import DAMAGES, KINDS, cases, derained, measured, with_memory
from unirain_core.config.sections import Network
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build

COUNT = len(KINDS) * len(DAMAGES) * 2
CONFIG = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, shuffle=2)


@pytest.mark.slow
def test_no_damaged_file_crashes_or_hangs_the_decoder_and_every_changed_png_is_found():
    tallies, reasons, longest = measured(cases(COUNT, seed=1))

    assert COUNT == sum(tally.files for tally in tallies.values())
    assert tallies["PNG"].visible == 0
    assert {"damaged", "truncated"} <= reasons.keys()
    assert longest < 10


@pytest.mark.slow
def test_derain_goes_through_a_folder_of_damaged_files_and_says_that_some_were_skipped(tmp_path):
    checkpoint.save(tmp_path / "net", build(CONFIG, seed=0), CONFIG, {})
    code, written, seconds, gigabytes = derained(cases(len(KINDS) * 6, seed=2), tmp_path / "net")

    assert code == 1
    assert 0 < written < len(KINDS) * 6
    assert seconds < 300
    assert gigabytes < 1.5


def test_a_case_is_a_function_of_the_seed_and_its_number():
    first, second = cases(3, seed=5), cases(2, seed=5)

    assert [c.content for c in first[:2]] == [c.content for c in second]
    assert first[0].content != cases(1, seed=6)[0].content
    np.testing.assert_array_equal(first[1].whole, second[1].whole)


def test_the_memory_of_a_command_is_its_own_and_not_that_of_this_process_or_of_an_earlier_child(tmp_path):
    held = np.ones(40_000_000)  # 320 MB
    _, large = with_memory([sys.executable, "-c", "bytearray(300_000_000)"], tmp_path, {})
    _, small = with_memory([sys.executable, "-c", "pass"], tmp_path, {})

    assert held.nbytes / 1e9 > 0.3
    assert large > 0.3
    assert small < 0.1
