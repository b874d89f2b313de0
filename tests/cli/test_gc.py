"""What `unirain gc` removes, what it keeps, and what it says of both."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.engine.in_process import InProcess
from tests.engine.toys import Item, Toy
from unirain_core.cli.gc import gc
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore

ITEMS = [Item("set", f"item-{number}", number) for number in range(20)]


@pytest.fixture
def store(tmp_path, monkeypatch):
    for name in ("UNIRAIN_HOME", "UNIRAIN_STORE", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").touch()  # a project
    return WorkStore.at(tmp_path, "toy")


def thousand_bytes(folder):
    (folder / "x").write_bytes(b"0" * 1000)


def finish(store, *keys):
    """A whole run whose finished work has these keys."""
    store.begin()
    folders = [store.folder(key, thousand_bytes) for key in keys]
    store.record_use(keys)
    store.end()
    return folders


def test_it_says_what_it_removed_and_freed(store, capsys):
    finish(store, "old")
    finish(store, "new")
    gc()

    assert ["new"] == [folder.name for folder in store.shards.iterdir()]
    assert (
        "1 pieces of finished work and 0 old collections removed, 0.0 MB freed\n" == capsys.readouterr().out
    )


def test_what_an_interrupted_first_run_finished_stays_and_the_reason_is_said(store, capsys):
    store.begin()
    kept = store.folder("k", thousand_bytes)
    gc()

    assert kept.is_dir()
    assert "kept whole" in (said := capsys.readouterr().out)
    assert "toy" in said


FULL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))  # every write to a file fails, as on a full disk
from unirain_core.cli.gc import gc
gc()
"""


def test_it_works_on_a_full_disk(store):
    (old,), (new,) = finish(store, "old"), finish(store, "new")
    (store.home / "locks").mkdir()
    (store.home / "locks/toy.lock").touch()
    done = subprocess.run([sys.executable, "-c", FULL_DISK], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"{}"])
def test_where_the_database_cannot_say_which_collection_it_needs_all_stay(store, content, tmp_path):
    (store.home / "qdrant/unirain-1").mkdir(parents=True)
    if content is not None:
        (tmp_path / "data/database").mkdir(parents=True)
        (tmp_path / "data/database/collection.json").write_bytes(content)
    gc()

    assert (store.home / "qdrant/unirain-1").exists()


def test_old_collections_go_and_the_named_one_stays(store, tmp_path):
    for name in ("unirain-1", "unirain-2"):
        (store.home / "qdrant" / name).mkdir(parents=True)
    (tmp_path / "data/database").mkdir(parents=True)
    (tmp_path / "data/database/collection.json").write_text(json.dumps({"collection": "unirain-2"}))
    gc()

    assert ["unirain-2"] == [folder.name for folder in (store.home / "qdrant").iterdir()]


@pytest.fixture
def shared(store, tmp_path, monkeypatch):
    """This machine and another one, whose homes share a folder."""
    (tmp_path / "share").mkdir()
    monkeypatch.setenv("UNIRAIN_STORE", "share")
    here, url = WorkStore.at(tmp_path, "toy"), f"file://{tmp_path / 'share'}"
    return here, WorkStore(home=tmp_path / "other", owner="toy", url=url)


def archives(tmp_path):
    return sorted(path.name.partition(".")[0] for path in (tmp_path / "share/shards/toy").iterdir())


def test_it_says_what_it_removed_from_a_shared_store_and_that_others_work_stays(shared, tmp_path, capsys):
    here, there = shared
    finish(there, "theirs")
    finish(here, "old")
    finish(here, "new")
    gc()
    said = capsys.readouterr().out

    assert ["new", "theirs"] == archives(tmp_path)
    assert f"file://{tmp_path}/share: 1 pieces of finished work removed, 0.0 MB freed\n" in said
    assert "the work that other machines used stays" in said


def test_the_lists_of_a_machine_that_is_gone_are_named_and_its_work_goes_when_they_are_removed(
    shared, tmp_path, capsys
):
    here, there = shared
    there.begin()
    there.folder("theirs", thousand_bytes)
    finish(there, "theirs")
    there.begin()  # and it is gone in the middle of a run
    finish(here, "mine")
    gc()
    said = " ".join(capsys.readouterr().out.split())
    lists = said.partition("remove its lists: file://")[2].split()[0]

    assert "kept whole, since the latest run was interrupted or nothing is known of it: toy of " in said
    assert ["mine", "theirs"] == archives(tmp_path)
    shutil.rmtree(lists)
    gc()
    assert ["mine"] == archives(tmp_path)
    assert "other machines" not in capsys.readouterr().out


def test_a_run_that_another_machine_brings_to_its_end_lets_go_of_what_it_does_not_need(
    shared, tmp_path, capsys
):
    here, there = shared
    finish(there, "theirs")
    there.begin()
    finish(here, "mine")
    gc()
    assert "run `dvc repro` to the end" in capsys.readouterr().out
    finish(there, "newer")
    gc()

    assert ["mine", "newer"] == archives(tmp_path)


def test_without_a_shared_store_nothing_is_said_of_one(store, capsys):
    finish(store, "k")
    gc()

    assert 1 == len(capsys.readouterr().out.splitlines())


def test_the_small_files_of_a_shared_store_stay_apart_as_other_machines_know_them(shared, tmp_path, capsys):
    here, _ = shared
    for items in (ITEMS[:5], ITEMS):
        here.begin()
        finished_rows(Toy(), items, here, InProcess())
        here.end()
    before = sorted(path.name for path in here.shards.iterdir())
    gc()

    assert len(before) > 1
    assert before == sorted(path.name for path in here.shards.iterdir())
    assert before == sorted(path.name for path in (tmp_path / "share/shards/toy").iterdir())
    assert "put together" not in capsys.readouterr().out
