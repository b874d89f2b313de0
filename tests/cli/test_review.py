"""`unirain review`: what it asks of a project before it serves, and the kappa that it prints."""

from pathlib import Path

import pytest

from tests.cli.reviewed_pool import write_pool
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Pair
from unirain_core.cli import review as command
from unirain_core.cli.review import review
from unirain_core.distill import labels
from unirain_core.distill.labels import Label
from unirain_core.distill.review import subjects
from unirain_core.errors import ConfigError, MissingInputError

FILE = Path("labels.csv")


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_pool(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def sessions(monkeypatch):
    """The sessions that would be served; nothing is."""
    served = []
    monkeypatch.setattr(command, "_serve", lambda session, port: served.append(session))
    return served


def call(**options):
    defaults = {"person": "ann", "sample": 200, "seed": 0, "port": 8600, "agreement": False}
    review(**{"labels_file": FILE, **defaults, **options})


def test_the_options_choose_the_sample_the_person_and_the_file(project, sessions, capsys):
    call(person="bob", sample=5, seed=3, labels_file=project / "mine.csv")
    (session,) = sessions

    assert list(session.sample) == list(subjects(project, 5, 3))
    assert (session.person, session.file) == ("bob", project / "mine.csv")
    assert "0 of 5 pairs are labelled by bob" in capsys.readouterr().out


def test_a_command_below_the_root_finds_the_project_and_its_labels(project, sessions, monkeypatch):
    (project / "params.yaml").touch()
    (project / "docs").mkdir()
    monkeypatch.chdir(project / "docs")
    call(sample=5, labels_file=None)

    assert (project / "labels/review.csv", project) == (sessions[0].file, sessions[0].roots.project)


def test_the_agreement_is_of_everything_in_the_file(project, capsys):
    for person in ("ann", "bob"):
        for number, answer in enumerate((True, False, None)):
            labels.append(FILE, Label(f"gone/{number}", person, answer, ""))
    call(agreement=True)

    assert "ann and bob: Cohen's kappa 1.00 on 3 pairs" in capsys.readouterr().out


def test_the_agreement_of_no_labels_names_the_way_to_them(project, sessions):
    with pytest.raises(MissingInputError, match="make it with `unirain review`"):
        call(agreement=True)
    call()
    labels.append(sessions[0].file, Label("a", "ann", True, ""))

    call(agreement=True)


def test_a_malformed_file_is_said_before_anybody_labels(project, sessions):
    FILE.write_text("pair_id,person,reliable,fault\nnonsense\n")
    with pytest.raises(ConfigError, match="line 2"):
        call()

    assert sessions == []


@pytest.mark.parametrize("agreement", [True, False])
def test_a_folder_in_the_place_of_the_labels_is_refused_and_the_file_that_is_named_is_taken(
    project, sessions, agreement
):
    Path("mine").mkdir()
    with pytest.raises(ConfigError, match=r"mine is a folder.* name a file, such as mine/review\.csv"):
        call(labels_file=Path("mine"), agreement=agreement)
    call(labels_file=Path("mine/review.csv"))

    assert [Path("mine/review.csv")] == [session.file for session in sessions]


def test_labels_that_could_not_be_written_are_refused_before_anybody_labels(project, sessions):
    Path("file").touch()
    with pytest.raises(ConfigError, match=r"file cannot be made .*; name another folder"):
        call(labels_file=Path("file/mine.csv"))
    call(labels_file=Path("other/mine.csv"))

    assert 1 == len(sessions)


def test_a_person_whose_name_no_line_can_hold_gives_another(project, sessions):
    with pytest.raises(ConfigError, match="give another name"):
        call(person="ann\nbob")
    call(person="ann bob")

    assert sessions[0].person == "ann bob"


def test_a_project_without_a_pair_is_told_to_add_some(project, sessions):
    rows = tables.read(project / "data/verified/pairs.parquet", Pair)
    tables.write(project / "data/verified/pairs.parquet", [], Pair)
    with pytest.raises(MissingInputError, match="add a dataset with pairs to params"):
        call()
    tables.write(project / "data/verified/pairs.parquet", rows, Pair)
    call()

    assert len(sessions) == 1
