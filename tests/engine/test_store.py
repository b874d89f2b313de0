"""Finished folders appear whole or not at all."""

import subprocess
from pathlib import Path

import pytest

from unirain_core.artefacts.sums import SUMS, damage
from unirain_core.engine.collect import collect
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


def fill(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub/picture.png").write_bytes(b"pixels")
    (folder / "x").write_text("content")


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


def test_collecting_keeps_what_an_interrupted_run_finished(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy@a")
    store.begin()
    kept = store.folder("k", fill)  # here the run is killed
    collection = collect(tmp_path)

    assert kept.is_dir()
    assert ("toy@a",) == collection.kept_for


def test_collecting_after_the_interrupted_run_came_to_its_end_removes_what_it_no_longer_uses(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")
    store.begin()
    store.folder("old", fill)
    store.begin()
    store.folder("new", fill)
    store.record_use(["new"])

    assert [store.shards / "old"] == list(collect(tmp_path).removed)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"stage": "toy", "names": 3, "is_whole": true}']
)
def test_a_damaged_used_list_removes_nothing(tmp_path, content):
    store = WorkStore(home=tmp_path, owner="toy")
    kept = store.folder("k", fill)
    store.record_use([])
    (tmp_path / "used/toy.json").write_bytes(content)
    collection = collect(tmp_path)

    assert kept.is_dir()
    assert ("toy",) == collection.kept_for


def test_collecting_without_any_used_list_removes_nothing(tmp_path):
    kept = WorkStore(home=tmp_path, owner="toy").folder("k", fill)

    assert () == collect(tmp_path).removed
    assert kept.is_dir()


def test_collecting_keeps_what_something_else_names(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")
    named, other = store.folder("named", fill), store.folder("other", fill)
    store.record_use([])

    assert (other,) == collect(tmp_path, named=[named]).removed


def test_an_interrupted_run_of_what_can_no_longer_run_keeps_nothing(tmp_path):
    """A variant that params no longer names will never come to its end."""
    gone, there = WorkStore(home=tmp_path, owner="toy@gone"), WorkStore(home=tmp_path, owner="toy@there")
    gone.begin()
    left = gone.folder("left", fill)
    there.begin()
    there.record_use([there.folder("used", fill).name])
    there.end()

    assert (left,) == collect(tmp_path, owners={"toy@there"}).removed


def test_a_stage_that_keeps_nothing_in_the_store_is_not_said_to_be_interrupted(tmp_path):
    store = WorkStore(home=tmp_path, owner="tables")
    store.begin()
    store.end()

    assert () == collect(tmp_path).kept_for


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
