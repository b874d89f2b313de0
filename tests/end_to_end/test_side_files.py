"""Side files may be garbage: a seeded miniature of `benchmarks/side_files.py`."""

import pytest

from benchmarks.side_files import KINDS, trials
from tests.end_to_end.conftest import copy_of


@pytest.mark.slow
def test_every_command_ends_right_whatever_side_file_is_damaged(reproduced, tmp_path):
    project = copy_of(reproduced, tmp_path)
    counts, problems = trials(project, KINDS, len(KINDS), seed=0)

    assert problems == []
    assert sum(counts.values()) == len(KINDS)
