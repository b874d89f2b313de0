"""Finished folders appear whole or not at all."""

from pathlib import Path

import pytest

from unirain_core.engine.store import WorkStore, digest


def test_a_folder_is_made_once(tmp_path):
    store, calls = WorkStore(home=tmp_path, owner="toy@a"), []

    def make(folder):
        calls.append(folder)
        (folder / "x").write_text("content")

    first, second = store.folder("k", make), store.folder("k", make)

    assert first == second
    assert 1 == len(calls)
    assert "content" == (first / "x").read_text()


def test_a_folder_whose_making_fails_does_not_appear(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")

    def make(folder):
        (folder / "x").write_text("half")
        raise OSError(28, "no space left on device")

    with pytest.raises(OSError, match="no space"):
        store.folder("k", make)

    assert not (store.shards / "k").exists()


def write_same(folder: Path) -> None:
    (folder / "x").write_text("same")


def test_two_makers_of_one_key_agree(tmp_path):
    store, other = WorkStore(home=tmp_path, owner="toy@a"), WorkStore(home=tmp_path, owner="toy@b")

    def make(folder):
        other.folder("k", write_same)
        write_same(folder)

    assert "same" == (store.folder("k", make) / "x").read_text()


def test_partitions_share_finished_work_and_not_partial_work(tmp_path):
    a, b = WorkStore(home=tmp_path, owner="toy@a"), WorkStore(home=tmp_path, owner="toy@b")

    assert a.shards == b.shards
    assert a.partial != b.partial


def test_queued_experiments_share_the_store_of_the_main_checkout(tmp_path, monkeypatch):
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "main"))

    assert tmp_path / "main" / ".unirain" == WorkStore.at(tmp_path / "checkout", "toy").home


def test_digests_tell_apart_what_joining_would_confuse():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest(1) != digest("1")
