"""A worker never computes with code that is newer than its stage."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from tests.engine.toys import Item, Toy
from unirain_core.engine import edits, rows
from unirain_core.engine.compute import Compute, Shard
from unirain_core.engine.edits import BEGAN, demand_unedited, note_begin
from unirain_core.engine.store import WorkStore
from unirain_core.errors import EditedError

WORKER = """
import shutil, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from unirain_core.engine.edits import demand_code_of_the_stage, note_begin
note_begin()
file = Path(sys.argv[1], "unirain_core/engine/store.py")
if sys.argv[2] == "edited":
    time.sleep(0.05)
    file.write_text(file.read_text() + "# edited\\n")
import unirain_core.engine.store
demand_code_of_the_stage()
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    root = Path(rows.__file__).parents[2]
    for source in (
        "unirain_core/errors.py",
        "unirain_core/engine",
        "unirain_core/artefacts",
        "unirain_core/config",
    ):
        subprocess.run(["cp", "-r", "--parents", source, str(folder)], cwd=root, check=True)
    time.sleep(0.05)
    return folder


@pytest.mark.parametrize(("what", "code"), [("untouched", 0), ("edited", 1)])
def test_code_that_was_edited_after_the_start_is_refused_by_name(package, what, code):
    command = [sys.executable, "-I", "-c", WORKER, str(package), what]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert code == answer.returncode, answer.stderr
    assert ("engine/store.py was edited while the stage started" in answer.stderr) == bool(code)


def test_code_from_before_the_start_is_accepted_and_the_start_is_handed_on(monkeypatch):
    monkeypatch.setenv(BEGAN, "")
    began = time.time_ns()
    demand_unedited(began, ["unirain_core.engine.edits"])
    note_begin()

    assert int(os.environ[BEGAN]) < began
    with pytest.raises(EditedError, match=r"edits\.py was edited"):
        demand_unedited(0, ["unirain_core.engine.edits"])


def test_a_shard_is_not_computed_with_newer_code(monkeypatch, tmp_path):
    monkeypatch.setenv(BEGAN, "1")
    monkeypatch.setattr(edits, "_looked_at", set())
    store = WorkStore(home=tmp_path, owner="stage")
    item = Item("set", "item", 1)

    with pytest.raises(EditedError, match="run the same command again"):
        Compute(Untouchable(), store)(Shard((b"key",), (item,)))


class Untouchable(Toy):
    def compute(self, batch):
        pytest.fail("computed")


@dataclass(frozen=True)
class Late(Toy):
    """Loads a module with its first row, as a judge is loaded; the module was edited a moment ago."""

    file: Path = Path()

    def compute(self, batch):
        time.sleep(0.05)
        self.file.touch()
        sys.modules[LATE] = ModuleType(LATE)
        sys.modules[LATE].__file__ = str(self.file)
        return Toy.compute(self, batch)


LATE = "unirain_core.late"


def test_what_newer_code_computed_that_was_loaded_with_the_first_row_is_not_stored(monkeypatch, tmp_path):
    monkeypatch.setenv(BEGAN, str(time.time_ns()))
    monkeypatch.setattr(edits, "_looked_at", set())
    store = WorkStore(home=tmp_path / "home", owner="stage")
    compute = Compute(Late(file=tmp_path / "late.py"), store)
    try:
        with pytest.raises(EditedError, match=r"late\.py was edited while the stage started"):
            compute(Shard((bytes(16),), (Item("set", "item", 1),)))
    finally:
        sys.modules.pop(LATE, None)

    assert not store.shards.exists()


def test_an_edit_after_a_module_was_loaded_does_not_end_a_long_run(monkeypatch, tmp_path):
    file = tmp_path / "late.py"
    file.touch()
    time.sleep(0.05)
    monkeypatch.setenv(BEGAN, str(time.time_ns()))
    monkeypatch.setattr(edits, "_looked_at", set())
    monkeypatch.setitem(sys.modules, LATE, ModuleType(LATE))
    sys.modules[LATE].__file__ = str(file)
    edits.demand_code_of_the_stage()
    time.sleep(0.05)
    file.write_text("edited")
    edits.demand_code_of_the_stage()

    with pytest.raises(EditedError, match=r"late\.py was edited"):
        demand_unedited(int(os.environ[BEGAN]), [LATE])


def test_a_stage_that_runs_without_the_executor_has_no_start_to_compare_with(monkeypatch):
    monkeypatch.delenv(BEGAN, raising=False)
    monkeypatch.setattr(edits, "_looked_at", set())
    edits.demand_code_of_the_stage()


def test_a_clock_that_was_set_back_is_no_edit(monkeypatch):
    """The files of a fresh installation then lie in the future."""
    changed = Path(rows.__file__).stat().st_ctime_ns
    demand_unedited(changed + 1, [rows.__name__])
    with pytest.raises(EditedError, match="was edited"):
        demand_unedited(changed - 1, [rows.__name__])
    monkeypatch.setattr(time, "time_ns", lambda: changed - 1)
    demand_unedited(changed - 2, [rows.__name__])
