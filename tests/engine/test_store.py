"""Finished folders appear whole or not at all."""

import subprocess
from pathlib import Path

import pytest

from tests.engine.sharing import fill
from unirain_core.artefacts.sums import SUMS, damage
from unirain_core.engine.store import WorkStore, digest, hand_over


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


def flip_picture(folder):
    (folder / "sub/picture.png").write_bytes(b"pixelt")


def lose_picture(folder):
    (folder / "sub/picture.png").unlink()


def add_file(folder):
    (folder / "more").touch()


def lose_sums(folder):
    (folder / SUMS).unlink()


def tear_sums(folder):
    (folder / SUMS).write_bytes(b"\xff\xfe")


@pytest.mark.parametrize("harm", [flip_picture, lose_picture, add_file, lose_sums, tear_sums])
def test_a_damaged_folder_counts_as_absent_and_is_made_again(tmp_path, harm, caplog):
    store = WorkStore(home=tmp_path, owner="toy")
    harm(store.folder("k", fill))
    healed = store.folder("k", fill)

    assert damage(healed) is None
    assert b"pixels" == (healed / "sub/picture.png").read_bytes()
    assert "damaged and is done again" in caplog.text


def test_a_folders_hashes_are_read_by_sha256sum(tmp_path):
    folder = WorkStore(home=tmp_path, owner="toy").folder("k", fill)
    done = subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=folder, check=False)

    assert 0 == done.returncode


def test_a_folder_is_handed_over_in_the_place_of_an_older_one(tmp_path):
    for name in ("fresh", "out"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(name)
    hand_over(tmp_path / "fresh", tmp_path / "out")

    assert "fresh" == (tmp_path / "out/x").read_text()
    assert not (tmp_path / "fresh").exists()


def test_an_older_folder_that_cannot_be_removed_never_passes_for_the_new_one(tmp_path, monkeypatch):
    for name in ("fresh", "out"):
        (tmp_path / name).mkdir()

    def busy(folder):
        raise OSError(16, "Device or resource busy", str(folder))

    monkeypatch.setattr("shutil.rmtree", busy)
    with pytest.raises(OSError, match="busy"):
        hand_over(tmp_path / "fresh", tmp_path / "out")
