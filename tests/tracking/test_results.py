"""The figures of the tables reach the run of the training whose weights were scored, against a real store in a file."""

from dataclasses import replace

import pytest

from tests.tracking.conftest import START, nobody
from unirain_core.tracking import figures, link
from unirain_core.tracking.events import group_of
from unirain_core.tracking.mirror import is_behind
from unirain_core.tracking.outage import OutageError
from unirain_core.tracking.settle import replay_all, settle


def test_a_run_shows_its_line_of_the_table_under_the_tables_names(project):
    project.train("gated", 25.0)
    project.score("gated", test_psnr_drs=26.5, test_ssim_average=0.84)
    run = project.run_of("gated")

    assert project.points("gated", "test/psnr/drs") == [(0, 26.5)]  # step 0: MLflow draws a bar, no curve
    assert run.data.metrics["test/ssim/average"] == 0.84
    assert run.info.status == "FINISHED"
    assert project.files_of(run, "tables") == ["table1.md"]


def test_the_parent_of_a_table_shows_it(project):
    for variant in ("gated", "uniform"):
        project.train(variant, 25.0)
        project.score(variant, test_psnr_drs=26.5)
    parent = project.parent_of("gated")

    assert parent.info.run_id == project.parent_of("uniform").info.run_id
    assert parent.info.run_name == f"table sample {group_of(START)}"
    assert parent.data.tags["mlflow.note.content"].startswith("| uniform |")
    assert project.files_of(parent, "tables") == ["table1.md"]


def test_trainings_that_cannot_be_compared_have_a_parent_each(project):
    project.train("gated", 25.0)
    project.train("paper", 25.0, start=replace_profile("paper"))
    settle(project.runs, project.root, nobody)

    assert project.parent_of("gated").info.run_id != project.parent_of("paper").info.run_id


def replace_profile(profile):
    return replace(START, tags={**START.tags, "unirain.profile": profile})


def test_figures_go_to_the_training_whose_weights_were_scored(project):
    project.train("gated", 25.0, key="first")
    settle(project.runs, project.root, nobody)
    project.train("gated", 26.0, key="second")
    settle(project.runs, project.root, nobody)
    project.score("gated", key="first", test_psnr_drs=20.0)
    first, second = project.runs_of("gated")

    assert first.data.metrics["test/psnr/drs"] == 20.0
    assert "test/psnr/drs" not in second.data.metrics


def test_weights_of_another_machine_are_said_to_have_no_run(project, caplog):
    project.score("gated", test_psnr_drs=20.0)

    assert "MLflow does not hear of their figures" in caplog.text
    assert not project.runs.exists()


def test_new_figures_replace_old_ones_and_equal_ones_are_not_sent_again(project):
    project.train("gated", 25.0)
    project.score("gated", test_psnr_drs=20.0)
    saved = link.load(project.runs / "gated")
    project.score("gated", test_psnr_drs=21.0)

    assert saved is not None
    assert saved.figures != getattr(link.load(project.runs / "gated"), "figures", "")
    assert project.run_of("gated").data.metrics["test/psnr/drs"] == 21.0
    assert not is_behind(project.runs / "gated", project.root, is_dead=True)


def test_an_outage_keeps_figures_back_until_track(project, monkeypatch, caplog):
    project.train("gated", 25.0)
    with monkeypatch.context() as patch:
        patch.setattr("unirain_core.tracking.mirror.open_runs", refused)
        project.score("gated", test_psnr_drs=20.0)

    assert "unirain track" in caplog.text
    assert is_behind(project.runs / "gated", project.root, is_dead=True)
    replay_all(project.runs, project.root, nobody)
    assert project.run_of("gated").data.metrics["test/psnr/drs"] == 20.0


def refused(_root):
    raise OutageError("connection refused")


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b'{"metrics": 3}', b'{"metrics": {"a": "x"}, "time": 1}', b"\xff"]
)
def test_damaged_figures_stop_nothing_and_name_the_command_that_makes_them_anew(project, content, caplog):
    project.train("gated", 25.0)
    project.score("gated", test_psnr_drs=20.0)
    (project.runs / "gated/tables/figures.json").write_bytes(content)

    assert figures.beside(project.runs / "gated") is None
    assert not is_behind(project.runs / "gated", project.root, is_dead=True)
    assert "dvc repro --force --single-item benchmark_tables" in caplog.text
    project.score("gated", test_psnr_drs=20.0)
    assert figures.beside(project.runs / "gated") is not None


def test_a_file_in_the_place_of_the_folder_is_replaced(project):
    project.train("gated", 25.0)
    (project.runs / "gated/tables").write_text("x")

    assert figures.beside(project.runs / "gated") is None
    project.score("gated", test_psnr_drs=20.0)
    assert project.run_of("gated").data.metrics["test/psnr/drs"] == 20.0


def test_figures_follow_their_journal_when_it_is_put_aside(project):
    project.train("gated", 25.0, key="first")
    project.score("gated", key="first", test_psnr_drs=20.0)
    project.train("gated", 26.0, key="second")
    settle(project.runs, project.root, nobody)
    first, second = project.runs_of("gated")

    assert figures.beside(project.runs / "gated/earlier/first") is not None
    assert figures.beside(project.runs / "gated") is None
    assert first.data.metrics["test/psnr/drs"] == 20.0
    assert "test/psnr/drs" not in second.data.metrics
