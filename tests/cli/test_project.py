"""Commands find their project from any folder in it, and leave nothing behind in folders of others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from unirain_core.cli import track as sending
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


def test_outside_of_a_project_nothing_is_left_in_the_folder(tmp_path):
    answer = unirain(tmp_path, "run", "verified_pairs")

    assert 2 == answer.returncode
    assert "params.yaml does not exist; run from the root of the project" in " ".join(answer.stderr.split())
    assert not (tmp_path / ".unirain").exists()


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
    with pytest.raises(MissingInputError, match=f"{below}/data/checkpoints/unirain holds no checkpoint"):
        derain(Path("a.png"), Path("out"))


def test_a_command_below_the_root_sends_the_journals_of_the_project(below, monkeypatch):
    asked = []

    def noted(runs, root, _):
        asked.append((runs, root))
        return {}

    monkeypatch.setattr(sending, "replay_all", noted)
    sending.track()

    assert [(below / ".unirain/runs", below)] == asked
