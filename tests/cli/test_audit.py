"""`unirain audit judges` prints each figure beside its aim."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.stages.voted_pool import fill, run
from unirain_core.cli.audit import audit
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.errors import MissingArtefactError

ROOT = Path(__file__).parents[2]
JUDGES = "[statistics/directional, statistics/nss, statistics/photometric]"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Three pairs of noise of two rain types, and one judge."""
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    monkeypatch.chdir(tmp_path)
    fill(tmp_path)
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text.replace(JUDGES, "[statistics/photometric]"), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_the_figures_stand_beside_their_aims_and_in_the_report(project, capsys):
    run(project, VlmVotes(judges=(JudgeName("statistics/photometric"),)))
    audit("judges", pairs=2, seed=0)
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines()]
    said = json.loads((project / "reports/judge_audit.json").read_text())

    assert [
        "statistics/photometric",
        "order",
        "of",
        "references",
        "2",
        "0",
        "0.0",
        "%",
        "<=",
        "2.0",
        "%",
        "met",
    ] in rows
    assert ["majority", "batch", "size", "2", "0", "0.0", "%", "<=", "1.0", "%", "met"] in rows
    assert "not measured: paraphrase: it is not asked in words (statistics/photometric)" in printed
    assert "2 pairs drawn with seed 0" in printed
    assert {"pairs": 2, "of_known_quality": 0} == said["counts"]
    assert ["stand-ins measured statistics where models would run: statistics/photometric"] == said["notes"]


def test_before_the_votes_the_stage_to_run_is_named(project):
    with pytest.raises(MissingArtefactError, match="dvc repro vlm_votes"):
        audit("judges")


def test_nothing_else_can_be_audited_and_the_help_says_what_can(project):
    app = typer.Typer()
    app.command()(audit)

    assert 2 == CliRunner().invoke(app, ["networks"]).exit_code
    assert "else" not in CliRunner().invoke(app, ["--help"]).output
