"""The place that several machines share is named by the environment; what is wrong with it is said."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.sharing import RESULTS, objects, rows
from tests.engine.toys import computed
from unirain_core.engine import uses
from unirain_core.engine.shared import place, store_url
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, MissingInputError


def test_the_store_is_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("UNIRAIN_STORE", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    assert "" == WorkStore.at(tmp_path, "toy").url

    monkeypatch.setenv("UNIRAIN_STORE", "s3://rain/work")
    assert "s3://rain/work" == WorkStore.at(tmp_path, "toy").url

    monkeypatch.setenv("UNIRAIN_STORE", "share")
    assert f"file://{tmp_path}/share" == WorkStore.at(tmp_path, "toy").url == store_url(tmp_path)


def test_a_folder_of_a_shared_disk_is_a_store(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRAIN_STORE", str(tmp_path / "share"))
    (tmp_path / "share").mkdir()
    rows(tmp_path / "log", WorkStore.at(tmp_path, "toy"))
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "other"))

    assert RESULTS == rows(tmp_path / "log2", WorkStore.at(tmp_path, "toy"))
    assert [] == computed(tmp_path / "log2")


def test_a_bucket_that_does_not_exist_is_named_and_the_remedies_help(tmp_path, store):
    machine = WorkStore(home=tmp_path / "home", owner="toy", url="s3://nowhere/work")
    told = r"UNIRAIN_STORE: s3://nowhere/work does not exist; correct UNIRAIN_STORE, or create the bucket or the folder"
    with pytest.raises(MissingInputError, match=told):
        machine.begin()
    store.client.create_bucket(Bucket="nowhere")
    machine.begin()
    WorkStore(home=tmp_path / "home", owner="toy", url="s3://rain/work").begin()

    assert 1 == len(objects("s3://rain/work")) == len(objects("s3://nowhere/work"))


def test_a_shared_disk_that_is_not_mounted_is_named_and_nothing_is_written_in_its_place(tmp_path):
    machine = WorkStore(home=tmp_path / "home", owner="toy", url=f"file://{tmp_path}/share")
    with pytest.raises(MissingInputError, match=r"share does not exist; correct UNIRAIN_STORE, or create"):
        machine.begin()
    assert not (tmp_path / "share").exists()

    (tmp_path / "share").mkdir()
    machine.begin()
    assert 1 == len(objects(machine.url))


def test_a_scheme_that_nobody_knows_is_a_fault_of_the_variable(tmp_path):
    machine = WorkStore(home=tmp_path, owner="toy", url="s33://rain/work")
    with pytest.raises(ConfigError, match=r"fsspec knows no s33://; correct UNIRAIN_STORE"):
        machine.begin()
    WorkStore(home=tmp_path, owner="toy", url=f"file://{tmp_path}").begin()


BEGIN = """
import sys
from pathlib import Path
from unirain_core.engine.store import WorkStore
WorkStore(home=Path(sys.argv[1]), owner="toy", url="s3://rain/work").begin()
"""


def test_without_credentials_the_message_says_what_to_set_and_then_it_works(tmp_path, store):
    environment = {
        k: v for k, v in os.environ.items() if k not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN, str(tmp_path)],
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "give credentials in the environment, for s3:// AWS_ACCESS_KEY_ID" in ended.stderr
    subprocess.run([sys.executable, "-c", BEGIN, str(tmp_path)], check=True)


def test_a_library_s_error_that_quotes_a_password_does_not_show_it(tmp_path, store):
    program = BEGIN.replace("s3://", "s3://me:secret@")
    command = [sys.executable, "-c", program, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert 'Invalid bucket name "rain"' in ended.stderr
    assert "secret" not in ended.stderr


def test_a_password_in_the_url_is_never_shown():
    store = WorkStore(home=Path("home"), owner="toy", url="sftp://me:secret@host/work")

    assert "secret" not in repr(store) + repr(store.shelf) + str(place(store.url) / "x")
    assert store == pickle.loads(pickle.dumps(store))


def test_a_home_has_one_name_and_a_copy_of_it_has_another(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    name = uses.machine(tmp_path / "home")
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    copied = uses.machine(tmp_path / "copy")
    again = uses.machine(tmp_path / "home")
    monkeypatch.setattr("socket.gethostname", lambda: "other")

    assert name == again
    assert 3 == len({name, copied, uses.machine(tmp_path / "home")})
