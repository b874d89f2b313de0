"""Small shards are put together by `unirain gc`; nothing is lost, whenever that is killed."""

import pytest

from tests.engine.in_process import InProcess
from tests.engine.toys import Counted, Item, Toy, computed, verdict
from unirain_core.cli import merge as module
from unirain_core.cli.merge import merge
from unirain_core.engine import windows
from unirain_core.engine.collect import collect
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
from unirain_core.engine.uses import Use

ITEMS = [Item("set", f"item-{number}", number) for number in range(60)]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Finished work in many small files, as slow work leaves it."""
    store = WorkStore(home=tmp_path / "home", owner="toy")
    monkeypatch.setattr(windows, "SECONDS", 1e-12)
    finished_rows(Toy(), ITEMS, store, InProcess())
    return store


def names(store):
    return {path.name for path in store.shards.iterdir()}


def test_files_become_few_and_nothing_is_computed_again(store, tmp_path):
    before = names(store)
    merged = merge(store.home)
    results = finished_rows(Counted(log=tmp_path / "log"), ITEMS, store, InProcess())

    assert len(before) > 10
    assert (len(before), 1) == (merged.parts, merged.wholes)
    assert 1 == len(names(store))
    assert [verdict(item) for item in ITEMS] == results
    assert [] == computed(tmp_path / "log")


def test_what_the_last_run_used_stays_in_use(store):
    merge(store.home)

    assert names(store) == Use.of(store.home / "used/toy.json").names
    assert () == collect(store.home).removed


def test_a_second_time_there_is_nothing_to_do(store):
    merge(store.home)

    assert 0 == merge(store.home).parts


def test_algorithms_are_kept_apart(store, tmp_path):
    finished_rows(Toy(algorithm="2"), ITEMS, store, InProcess())
    merge(store.home)
    results = finished_rows(Counted(algorithm="2", log=tmp_path / "log"), ITEMS, store, InProcess())

    assert {"1", "2"} == {name.partition("-")[0] for name in names(store)}
    assert 2 == len(names(store))
    assert ([verdict(item) for item in ITEMS], []) == (results, computed(tmp_path / "log"))


def test_files_are_closed_at_their_bound(store, monkeypatch):
    monkeypatch.setattr(module, "WHOLE_ROWS", 20)
    merged = merge(store.home)

    assert 3 == merged.wholes == len(names(store))


def test_damaged_parts_stay_apart_and_are_done_again(store, tmp_path):
    victim = min(store.shards.iterdir())
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    merge(store.home)
    results = finished_rows(Counted(log=tmp_path / "log"), ITEMS, store, InProcess())

    assert [verdict(item) for item in ITEMS] == results
    assert 1 <= len(computed(tmp_path / "log")) < len(ITEMS)


@pytest.mark.parametrize("point", ["publish", "write_text", "unlink"])
def test_a_kill_in_its_middle_loses_nothing(store, tmp_path, monkeypatch, point):
    def killed(*_):
        raise KeyboardInterrupt(point)

    with monkeypatch.context() as patch:
        patch.setattr(
            "pathlib.Path.unlink" if point == "unlink" else f"unirain_core.cli.merge.{point}", killed
        )
        with pytest.raises(KeyboardInterrupt):
            merge(store.home)
    collect(store.home)
    results = finished_rows(Counted(log=tmp_path / "log"), ITEMS, store, InProcess())

    assert ([verdict(item) for item in ITEMS], []) == (results, computed(tmp_path / "log"))
    assert merge(store.home).wholes <= 1


def test_a_full_disk_leaves_the_files_apart(store, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "no space left on device")

    before = names(store)
    monkeypatch.setattr(module, "publish", full)

    assert 0 == merge(store.home).parts
    assert before == names(store)
    assert "its small files stay apart" in caplog.text
