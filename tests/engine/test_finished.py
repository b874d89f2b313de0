"""Finished work is saved by many and never mistaken for another row's."""

import os

import pytest

from tests.engine.toys import Item, Toy
from unirain_core.engine.compute import Compute, Shard
from unirain_core.engine.finished import FinishedWork
from unirain_core.engine.rows import row_keys
from unirain_core.engine.store import WorkStore
from unirain_core.errors import UniRainError

ITEMS = [Item("set", f"item-{number}", number) for number in range(5)]


def test_two_partitions_of_a_stage_may_save_their_index_at_the_same_moment(tmp_path, monkeypatch, caplog):
    stores = [WorkStore(home=tmp_path, owner=f"toy@{name}") for name in "ab"]
    first, second = (FinishedWork(store, Toy()) for store in stores)
    fsync = os.fsync

    def meanwhile(descriptor):
        monkeypatch.setattr(os, "fsync", fsync)
        second.save()
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    first.save()
    FinishedWork(stores[0], Toy())

    assert [stores[0].index("1")] == list((tmp_path / "index/toy").iterdir())
    assert "is damaged" not in caplog.text


def test_a_row_whose_shard_was_found_damaged_meanwhile_is_never_another_row(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")
    keys = row_keys(Toy(), ITEMS)
    outcome = Compute(Toy(), store)(Shard(tuple(keys[n : n + 1].tobytes() for n in range(5)), tuple(ITEMS)))
    work = FinishedWork(store, Toy())
    (store.shards / str(outcome.file)).write_bytes(b"damaged")

    assert not work.has(keys).any()
    with pytest.raises(UniRainError, match="was damaged while it was read; run the same command again"):
        work.results(keys)
