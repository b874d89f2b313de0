"""Shard files are checked by their content, and few of them are kept open."""

import numpy as np
import pytest

from tests.engine.in_process import InProcess
from tests.engine.toys import Counted, Item, Toy, computed, verdict
from unirain_core.artefacts.schemas import Verdict
from unirain_core.engine import shards
from unirain_core.engine.collect import collect
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.shards import Shards
from unirain_core.engine.store import WorkStore
from unirain_core.errors import UniRainError

ITEMS = [Item("set", f"item-{number}", number) for number in range(20)]


@pytest.fixture
def store(tmp_path):
    return WorkStore(home=tmp_path / "home", owner="toy")


def write(store, *rows):
    return shards.write(
        store, Toy(), [row.value.to_bytes(16, "big") for row in rows], [verdict(row) for row in rows]
    )


def test_the_keys_of_a_shard_are_read_without_its_results(store):
    name = write(store, *ITEMS)

    assert [b"".join(item.value.to_bytes(16, "big") for item in ITEMS)] == list(shards.keys_of(store, [name]))


@pytest.mark.parametrize("content", [b"", b"no shard", b"PAR1" * 20])
def test_a_file_that_is_no_shard_has_no_keys_and_is_removed(store, content):
    store.shards.mkdir(parents=True)
    (store.shards / "1-abc.0123.parquet").write_bytes(content)

    assert [b""] == list(shards.keys_of(store, ["1-abc.0123.parquet"]))
    assert [] == shards.names(store, "1")


def test_a_shard_that_is_damaged_while_a_stage_reads_it_is_done_again_by_the_same_command(store, tmp_path):
    log = tmp_path / "log"
    finished_rows(Counted(log=log), ITEMS, store, InProcess())
    name = shards.names(store, "1")[0]
    opened = Shards(store, Verdict)

    assert opened.is_sound(name)
    opened._forget(name)
    (store.shards / name).write_bytes(b"damaged")
    with pytest.raises(UniRainError, match="was damaged while it was read; run the same command again"):
        opened.rows(name, np.arange(1))
    assert [verdict(item) for item in ITEMS] == finished_rows(Counted(log=log), ITEMS, store, InProcess())
    assert len(computed(log)) > len(ITEMS)


def test_no_more_shards_are_kept_open_than_memory_allows(store, monkeypatch):
    names = [write(store, *ITEMS[begin : begin + 5]) for begin in range(0, 20, 5)]
    monkeypatch.setattr(shards, "CACHE_BYTES", 500)
    opened = Shards(store, Verdict)
    for name in [*names, *names]:
        assert opened.is_sound(name)
        opened.rows(name, np.arange(2))

    assert opened._n_bytes == sum(table.nbytes for table in opened._tables.values())
    assert len(opened._tables) < 4


def test_a_shard_whose_rows_were_all_given_is_closed(store):
    name = write(store, *ITEMS)
    opened = Shards(store, Verdict)

    assert opened.is_sound(name)
    opened.rows(name, np.arange(12))
    assert {name} == set(opened._tables)
    opened.rows(name, np.arange(12, 20))
    assert {} == opened._tables


def test_collecting_removes_an_index_of_no_shard_and_leaves_one_that_is_used(store):
    for algorithm in ("1", "2"):
        store.begin()
        finished_rows(Toy(algorithm=algorithm), ITEMS, store, InProcess())
        store.end()
    collect(store.home)

    assert [store.index("2")] == list((store.home / "index/toy").iterdir())
