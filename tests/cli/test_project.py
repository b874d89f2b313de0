"""Commands find their project from any folder in it, and leave nothing behind in folders of others."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from unirain_core.cli import track as sending
from unirain_core.cli.commands import COMMANDS
from unirain_core.cli.derain import derain
from unirain_core.cli.explain import explain
from unirain_core.cli.judges import judge_figures
from unirain_core.cli.project import project_root
from unirain_core.errors import ConfigError, MissingInputError

ROOT = Path(__file__).parents[2]


def test_the_nearest_project_above_is_found(tmp_path):
    inner = tmp_path / "inner"
    (inner / "data/raw").mkdir(parents=True)
    assert project_root(inner / "data/raw") is None
    (tmp_path / "dvc.yaml").touch()
    assert tmp_path == project_root(inner / "data/raw")
    (inner / "params.yaml").touch()
    assert inner == project_root(inner / "data/raw") == project_root(inner)


def unirain(folder, *arguments):
    command = [sys.executable, "-m", "unirain_core.cli.main", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    environment.pop("UNIRAIN_HOME", None)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def test_a_stage_runs_from_a_folder_below_the_project_and_logs_at_its_root(tmp_path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "data/raw").mkdir(parents=True)
    answer = unirain(tmp_path / "data/raw", "run", "verified_pairs")

    assert 1 == answer.returncode
    assert f"{tmp_path}/data/raw/manifest.parquet does not exist" in " ".join(answer.stderr.split())
    assert (tmp_path / ".unirain/errors.log").exists()
    assert [] == list((tmp_path / "data/raw").iterdir())


@pytest.mark.parametrize(
    "arguments", [("run", "verified_pairs"), ("gc",), ("summary",), ("derain", "a.png", "b.png")]
)
def test_outside_of_a_project_nothing_is_left_anywhere(tmp_path, arguments):
    answer = unirain(tmp_path, *arguments)

    assert answer.returncode != 0
    assert "Traceback" not in answer.stderr
    assert [] == list(tmp_path.iterdir())  # it is the temporary folder too


def test_outside_of_a_project_the_root_is_asked_for(tmp_path):
    for command in ("run verified_pairs", "gc", "track", "verify"):
        answer = unirain(tmp_path, *command.split())
        assert answer.returncode == 2, command
        assert "run from the root of the project" in " ".join(answer.stderr.split())
    shutil.copy(ROOT / "params.yaml", tmp_path)
    assert 0 == unirain(tmp_path, "gc").returncode


def test_a_defect_outside_of_a_project_says_how_to_see_its_traceback(tmp_path):
    program = (
        "import sys; sys.argv = ['unirain', 'summary']\nfrom unirain_core.cli import commands, main\n"
        "def broken(*_): raise ZeroDivisionError('defect')\nmain.add_commands = broken\nmain.main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )

    assert (
        answer.stderr.strip()
        == "unirain: a defect of the program: ZeroDivisionError: defect (--debug shows the traceback)"
    )
    assert [] == list(tmp_path.iterdir())


HERE = re.compile(r"(?:current_root|own_work)\(\)|project_root\(Path\.cwd\(\)\)")


def test_every_command_looks_for_its_project_upwards():
    """`derain` and `sample-corpus` need a project only for a checkpoint, or not at all."""
    for name, command in COMMANDS.items():
        source = Path(ROOT / f"unirain_core/cli/{command.module}.py").read_text(encoding="utf-8")
        if name != "sample-corpus":
            assert HERE.search(source), name
    others = [f for f in (ROOT / "unirain_core/cli").rglob("*.py") if f.name not in LOOKING]
    assert [] == [f.name for f in others if "cwd()" in HERE.sub("", f.read_text(encoding="utf-8"))]


LOOKING = {"project.py", "main.py", "doctor.py", "advice.py"}
"""What looks for the project itself, or says where a person stands."""


@pytest.mark.parametrize("command", ["gc", "track", "summary", "verify", "explain demo/1"])
def test_a_command_works_below_the_root_as_at_the_root(tmp_path, command):
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".dvc").mkdir()
    below = tmp_path / "data/raw"
    below.mkdir(parents=True)
    from_below, from_root = unirain(below, *command.split()), unirain(tmp_path, *command.split())

    assert from_below.returncode == from_root.returncode
    assert (from_below.stdout, from_below.stderr) == (from_root.stdout, from_root.stderr)
    assert [] == list(below.iterdir())


@pytest.fixture
def below(tmp_path, monkeypatch):
    """A command stands in a folder of the project, below its root."""
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return tmp_path


def test_a_command_below_the_root_reads_the_records_of_the_project(below):
    with pytest.raises(ConfigError, match="no stage knows the pair 'set/a'"):
        explain("set/a")
    with pytest.raises(MissingInputError, match=f"{below}/data/sample_corpus holds no"):
        judge_figures()
    Image.new("RGB", (8, 8)).save("a.png")
    with pytest.raises(MissingInputError, match=f"{below}/data/checkpoints/reweighted holds no checkpoint"):
        derain(Path("a.png"), Path("out"))


def test_a_command_below_the_root_sends_the_journals_of_the_project(below, monkeypatch):
    asked = []

    def noted(runs, root, _):
        asked.append((runs, root))
        return {}

    monkeypatch.setattr(sending, "replay_all", noted)
    sending.track()

    assert [(below / ".unirain/runs", below)] == asked
