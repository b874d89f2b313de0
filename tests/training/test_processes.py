"""Several processes of one training: who is waited for when one of them fails."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from unirain_core.errors import GateError, UniRainError
from unirain_core.training import processes
from unirain_core.training.processes import on_every_gpu


def fail(folder: Path, seconds: float) -> None:
    """All fail; the first one needs a moment to write why."""
    if os.environ["RANK"] == "0":
        time.sleep(seconds)
        (folder / "why").write_text("not finite")
    raise GateError("not finite")


def test_the_first_process_may_write_down_why_it_fails(tmp_path):
    with pytest.raises(GateError, match="not finite"):
        on_every_gpu(partial(fail, tmp_path, 1.0), 2)

    assert (tmp_path / "why").read_text() == "not finite"


def test_a_first_process_that_does_not_end_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.2)
    with pytest.raises(GateError, match="not finite"):
        on_every_gpu(partial(fail, tmp_path, 300.0), 2)

    assert not (tmp_path / "why").exists()


def die() -> None:
    """One process ends without a word."""
    if os.environ["RANK"] == "1":
        os._exit(9)
    time.sleep(300)


def test_a_process_that_dies_ends_the_others(monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.2)
    with pytest.raises(UniRainError, match="a training process died"):
        on_every_gpu(die, 2)
