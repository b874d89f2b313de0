"""What DVC shows of a finished project, `dvc` without an activated environment, and docs/dvc.md as it is written."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.tiny_project import run
from tests.end_to_end.conftest import copy_of
from unirain_core.tracking import figures

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
GUIDE = (ROOT / "docs/dvc.md").read_text(encoding="utf-8")
COMPARISON = "dvc exp show --only-changed --drop '^[^:]+/[^:]+$'"
CODE = {"PYTHONPATH": str(ROOT)}


def dvc(project, *arguments, check=True):
    return run(project, sys.executable, "-m", "dvc", *arguments, env=CODE, check=check)


def stale(project):
    """Steps that DVC would run again by themselves; raw_datasets lists files in every run."""
    return set(json.loads(dvc(project, "status", "--json").stdout)) - {"raw_datasets"}


@pytest.fixture(scope="module")
def project(reproduced, tmp_path_factory):
    return copy_of(reproduced, tmp_path_factory.mktemp("views"))


@pytest.fixture
def copy(reproduced, tmp_path):
    return copy_of(reproduced, tmp_path)


def test_metrics_have_a_row_for_each_method_and_few_columns(project):
    head, *rows = dvc(project, "metrics", "show").stdout.splitlines()
    table = (project / "data/tables/table1.csv").read_text()
    lines = list(csv.DictReader(io.StringIO(table)))

    assert head.split() == ["Path", "colour_shift", "psnr", "ssim", "worst_psnr"]
    assert [Path(row.split()[0]).stem for row in rows] == ["input", "reweighted", "uniform"]
    for row in rows:
        name = Path(row.split()[0]).stem
        (average,) = [
            line
            for line in lines
            if (line["benchmark"], line["method"], line["rain_type"]) == ("test", name, "average")
        ]
        assert float(row.split()[2]) == round(float(average["psnr"]), 2)


def test_plots_draw_the_trainings_the_weights_and_the_acceptance_of_every_dataset(project, tmp_path):
    shown = json.loads(dvc(project, "plots", "show", "--json", "-o", str(tmp_path)).stdout)
    drawn = {title.partition(" (")[0]: plot for title, (plot,) in shown["data"].items()}
    fields = {title: set(values(plot)[0]) for title, plot in drawn.items()}
    curves = {value["curve"] for value in values(drawn["Weights over time"])}
    sources = {value["source"] for value in values(drawn["Acceptance by dataset"])}

    assert not shown.get("errors")
    assert {"step", "psnr", "curve", "rev"} <= fields["Training curves"]
    trainings = [f"{name}{seed}" for name in ("reweighted", "uniform") for seed in ("", "_1", "_2")]
    assert curves == {f"{name} {kind}" for name in trainings for kind in ("drs", "drd", "nrs", "nrd")}
    assert {"rain200l", "raindrop", "gtav-nightrain", "hq-nightrain", "gt-rain", "rainrag"} <= sources


def values(plot):
    """The data of a plot, which its template took in."""
    content = plot["content"]
    return (json.loads(content) if isinstance(content, str) else content)["data"]["values"]


def test_experiments_are_compared_in_the_columns_that_differ(copy):
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost")
    run(copy, *git, "add", "-f", "dvc.lock", "reports")
    run(copy, *git, "commit", "-qm", "the result")
    dvc(copy, "exp", "run", "-n", "other", "-S", "benchmark_scores.splits=[unfiltered]", "benchmark_tables")
    assert COMPARISON in GUIDE
    _, _, *arguments = COMPARISON.replace("'", "").split()
    head, *rows = csv.reader(io.StringIO(dvc(copy, "exp", *arguments, "--csv").stdout))

    assert head[:4] == ["Experiment", "rev", "typ", "Created"]
    params = [name for name in head[4:] if "/metrics/" not in name]
    assert params == ["benchmark_scores.splits"]
    assert 0 < len(head[4:]) - len(params) <= 12, "four figures of three methods at most"
    assert [row[0] for row in rows] == ["", "", "other"]


def test_dvc_finds_its_own_program_where_no_environment_is_active(copy):
    (copy / ".venv").symlink_to(BIN.parent)
    environment = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), **CODE}
    assert shutil.which("unirain", path=environment["PATH"]) is None
    command = [".venv/bin/dvc", "repro", "--force", "--single-item", "curves"]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "curves: ends" in done.stderr + done.stdout


def test_an_out_that_was_deleted_comes_back_without_a_run(copy):
    assert "dvc checkout data/votes" in GUIDE
    shutil.rmtree(copy / "data/votes")
    assert "vlm_votes" in stale(copy)
    dvc(copy, "checkout", "data/votes")

    assert stale(copy) == set()


def test_an_edit_that_changes_no_result_is_taken_over_without_a_run(copy):
    assert "dvc commit --force curves" in GUIDE
    module = copy / "unirain_core/stages/curves.py"
    module.write_text(f"{module.read_text()}# a comment\n")
    before = (copy / "data/pages/curves/psnr.csv").stat().st_mtime_ns
    assert stale(copy) == {"curves"}
    dvc(copy, "commit", "--force", "curves")

    assert stale(copy) == set()
    assert (copy / "data/pages/curves/psnr.csv").stat().st_mtime_ns == before


def test_the_summary_says_what_to_commit_and_a_clone_of_that_has_all_data(copy, tmp_path):
    said = run(copy, "unirain", "summary", env=CODE).stdout
    (line,) = [line for line in said.splitlines() if "git add" in line]
    command = line.split("    ")[0].strip().partition(";")[0]
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost")
    # as in this repository, where git ignores data/ and DVC therefore writes no .gitignore into it
    shutil.copy(ROOT / ".gitignore", copy)
    for file in copy.glob("data/*/**/.gitignore"):
        file.unlink()
    dvc(copy, "commit", "--force")
    run(copy, *command.split(), ".gitignore")
    run(copy, *git, "commit", "-qm", "the result")
    dvc(copy, "remote", "add", "--default", "store", str(tmp_path / "store"))
    dvc(copy, "push", "-q")
    run(copy, *git, "commit", "-qam", "the remote")
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "-q", str(copy), str(clone))
    dvc(clone, "pull", "-q")

    assert stale(clone) == set()


def test_damaged_figures_of_the_tables_are_whole_after_the_command_that_the_message_names(copy, caplog):
    journal = copy / ".unirain/runs/uniform"
    before = figures.beside(journal)
    assert before is not None
    (journal / "tables/figures.json").write_text("<html>")
    assert figures.beside(journal) is None
    assert "run `dvc repro --force --single-item benchmark_tables`" in caplog.text
    dvc(copy, "repro", "--force", "--single-item", "benchmark_tables")
    after = figures.beside(journal)

    assert after is not None
    assert after.metrics == before.metrics
    assert "test/psnr/average" in after.metrics
