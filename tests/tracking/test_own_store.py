"""A project that was moved, copied or renamed: its pictures are its own. In other processes, as MLflow caches stores."""

import hashlib
import json
import shutil
import subprocess
import sys
from contextlib import closing

import pytest

from tests.tracking.conftest import Project, nobody
from unirain_core.tracking import own_store
from unirain_core.tracking.settle import settle

TRAIN = """
import sys
from pathlib import Path
from tests.tracking.conftest import Project, nobody
from unirain_core.tracking.settle import settle
project = Project(Path(sys.argv[1]))
project.train("new", 30.0)
settle(project.runs, project.root, nobody)
"""


def train_in(root):
    subprocess.run([sys.executable, "-c", TRAIN, str(root)], check=True)


def tree(root):
    return {
        str(f.relative_to(root)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in root.rglob("*")
        if f.is_file() and f.name != "opening.lock"
    }


@pytest.fixture
def original(project):
    project.train("old", 20.0)
    settle(project.runs, project.root, nobody)
    return project


@pytest.mark.parametrize("original_is", ["there", pytest.param("gone", marks=pytest.mark.slow)])
def test_a_copy_writes_and_reads_its_own_pictures_and_leaves_the_original_alone(
    original, original_is, tmp_path
):
    before = tree(original.root)
    copy = Project(tmp_path / "a copy")
    shutil.copytree(original.root, copy.root)
    if original_is == "gone":
        original.root.rename(tmp_path / "elsewhere")
    train_in(copy.root)

    assert len(copy.pictures("old")) == len(copy.pictures("new")) == 2
    assert tree(original.root if original_is == "there" else tmp_path / "elsewhere") == before
    assert str(original.root) not in dump(copy.root)


def test_the_store_names_no_folder_of_this_machine(original):
    assert original.run_of("old").info.artifact_uri.startswith("mlflow-artifacts:/")
    assert str(original.root) not in dump(original.root)


def dump(root):
    """All that the store holds of trainings, as SQL; MLflow's own default experiment has a path and no run."""
    with closing(own_store._connect(root / ".mlflow/mlflow.db")) as store:
        return "\n".join(line for line in store.iterdump() if "'Default'" not in line)


def test_places_that_an_older_program_wrote_as_paths_follow_the_project(original):
    place = (original.root / "elsewhere/.mlflow/artifacts").as_uri()
    with closing(own_store._connect(original.root / ".mlflow/mlflow.db")) as store, store:
        store.execute("UPDATE experiments SET artifact_location = ? WHERE name = 'unirain'", (place,))
        store.execute("UPDATE runs SET artifact_uri = ? || '/' || run_uuid || '/artifacts'", (place,))
    with own_store.mended(original.root):
        pass

    run_id = original.run_of("old").info.run_id
    assert original.run_of("old").info.artifact_uri == f"mlflow-artifacts:/{run_id}/artifacts"
    assert len(original.pictures("old")) == 2


@pytest.mark.slow
def test_a_copy_sends_nothing_twice(original, tmp_path):
    copy = Project(tmp_path / "copy")
    shutil.copytree(original.root, copy.root)
    link = (copy.runs / "old/mlflow.json").read_text()
    train_in(copy.root)

    assert (copy.runs / "old/mlflow.json").read_text() == link
    assert len(copy.points("old")) == 2
    assert str(original.root) not in link


def test_where_a_server_keeps_the_pictures_nothing_is_moved(original):
    with closing(own_store._connect(original.root / ".mlflow/mlflow.db")) as store, store:
        store.execute(
            "UPDATE experiments SET artifact_location = 'mlflow-artifacts:/1' WHERE name = 'unirain'"
        )
    with own_store.mended(original.root):
        pass

    assert original.client.get_experiment_by_name("unirain").artifact_location == "mlflow-artifacts:/1"


def test_a_store_keeps_its_identity_when_it_moves_and_a_new_one_has_another(original, template, tmp_path):
    shutil.copytree(original.root, tmp_path / "moved")

    assert own_store.identity(original.root) == own_store.identity(tmp_path / "moved")
    assert own_store.identity(tmp_path) is None
    assert json.loads((original.runs / "old/mlflow.json").read_text())["store"] == own_store.identity(
        template
    )


def test_the_store_of_a_queued_experiment_is_that_of_the_main_checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "main"))

    assert own_store.home(tmp_path / "temp") == tmp_path / "main/.mlflow"


def test_a_database_in_use_is_not_taken_for_damaged(original):
    store = own_store._connect(original.root / ".mlflow/mlflow.db")
    store.execute("BEGIN IMMEDIATE")
    store.execute("UPDATE experiments SET name = name")
    with own_store.mended(original.root):
        pass
    store.rollback()
    store.close()

    assert not list((original.root / ".mlflow").glob("*.damaged-*"))
