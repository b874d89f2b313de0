"""Dagster's own command line beside DVC in one environment, as docs/dagster.md says that it goes there."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
IS_READ = tuple(map(int, version("antlr4-python3-runtime").split("."))) >= (4, 10)
"""Dagster's parser of selections is made for ANTLR 4.10 and later; hydra-core 1.3 and omegaconf 2.3 demand 4.9."""

pytestmark = pytest.mark.slow


def selected(root, home):
    """`dagster asset materialize --select table` in a project whose table is up to date."""
    home.mkdir()
    shutil.copy(REPO / "unirain_assets/dagster.yaml", home)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {
        "PATH": path,
        "DAGSTER_HOME": str(home),
        "PYTHONPATH": f"{REPO}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "DO_NOT_TRACK": "1",
    }
    return subprocess.run(
        ["dagster", "asset", "materialize", "--select", "table", "-m", "unirain_assets.definitions"],
        cwd=root,
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.skipif(
    not IS_READ, reason="the installed ANTLR is DVC's old one: `pip install -c constraints.txt`"
)
def test_an_asset_is_materialised_by_its_name_on_the_command_line(finished, tmp_path):
    ended = selected(finished, tmp_path / "home")

    assert ended.returncode == 0, ended.stderr
    assert "Materialized value table." in ended.stderr


@pytest.mark.skipif(IS_READ, reason="the installed ANTLR serves Dagster")
def test_beside_the_old_parser_of_dvc_a_selection_ends_in_the_error_that_the_docs_name(
    finished, tmp_path, shell
):
    ended = selected(finished, tmp_path / "home")
    text = (REPO / "docs/dagster.md").read_text(encoding="utf-8")

    assert ended.returncode == 1
    assert "TypeError: ord()" in ended.stderr
    assert "`TypeError: ord()`" in text
    assert "Stage 'table' didn't change, skipping" in shell(
        finished, "dvc", "repro", "--single-item", "table"
    )
