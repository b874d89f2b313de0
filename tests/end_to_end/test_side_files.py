"""Side files may be garbage: a seeded miniature of `benchmarks/side_files.py`."""

import pytest

from benchmarks.crash import run, tiny_project
from benchmarks.side_files import KINDS, trials


@pytest.mark.slow
def test_every_command_ends_right_whatever_side_file_is_damaged(tmp_path):
    project = tiny_project(tmp_path / "project")
    run(project, "dvc", "repro")
    counts, problems = trials(project, KINDS, len(KINDS), seed=0)

    assert problems == []
    assert sum(counts.values()) == len(KINDS)
