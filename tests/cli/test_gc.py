"""What `unirain gc` removes, what it keeps, and what it says of both."""

import json
import subprocess
import sys

import pytest

from unirain_core.cli.gc import gc
from unirain_core.engine.store import WorkStore


@pytest.fixture
def store(tmp_path, monkeypatch):
    for name in ("UNIRAIN_HOME", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
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
