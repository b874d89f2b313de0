"""Bits flipped in stored artefacts, time stamps unchanged, are noticed and healed: a seeded miniature of the program."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_eight_flipped_bits_are_healed_noticed_or_without_effect():
    program = [sys.executable, "-m", "benchmarks.flips", "--flips", "8", "--seed", "0"]
    done = subprocess.run(program, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    assert "8 of 8 flipped bits were healed, noticed or without effect" in done.stdout
