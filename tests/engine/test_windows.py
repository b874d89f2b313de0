"""How rows are cut into windows and shards."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import Item, Toy
from unirain_core.engine import windows
from unirain_core.engine.compute import Outcome
from unirain_core.engine.store import digest
from unirain_core.engine.windows import ShardSize, WindowSize


@given(batches=st.lists(st.lists(st.integers(), max_size=40), max_size=10), first=st.integers(1, 9))
def test_windows_hold_every_row_once_in_order_and_grow_to_their_bound(batches, first):
    size = WindowSize(first)
    cut = list(windows.windows(batches, size))

    assert [row for batch in batches for row in batch] == [row for window in cut for row in window]
    assert [first * 2**number for number in range(len(cut) - 1)] == [len(window) for window in cut[:-1]]


def test_a_window_s_results_stay_within_the_bytes():
    size = WindowSize(windows.WINDOW_ROWS)
    size.measure(100, 100 * 2**20)
    size.grow()

    assert 64 == size.rows


def outcome(n_rows, seconds):
    return Outcome(tuple(bytes(16) for _ in range(n_rows)), seconds=seconds)


def test_a_shard_costs_no_more_than_a_kill_may_cost():
    size = ShardSize(8)
    size.measure(outcome(8, 8.0))

    assert 5 == size.rows(1000, 2)
    size.measure(outcome(5, 50.0))
    assert 1 == size.rows(1000, 2)


def test_a_shard_that_killed_its_worker_does_not_make_the_rows_cheap():
    size = ShardSize(8)
    size.measure(outcome(8, 8.0))
    size.measure(outcome(1, 0.0))

    assert 5 == size.rows(1000, 2)


def test_shards_of_cheap_rows_grow_to_the_bound_and_not_at_once():
    size, rows = ShardSize(8), list[int]()
    while not rows or rows[-1] < windows.SHARD_ROWS:
        rows.append(size.rows(10**6, 2))
        size.measure(outcome(rows[-1], 1e-6))

    assert [8, 32, 128, 512, 2048, 8192] == rows


def test_the_last_rows_are_divided_among_the_workers_unless_they_are_cheap():
    size = ShardSize(8192)
    size.measure(outcome(100, 1.0))

    assert 100 == size.rows(200, 2)
    assert 50 == size.rows(60, 2)  # half a second of work is not divided


ITEMS = [Item(dataset=f"set{number % 3}", name=f"item-{number}", value=number) for number in range(300)]


@given(rows=st.integers(1, 50), seed=st.randoms(use_true_random=False))
def test_a_shard_holds_whole_buckets_of_one_dataset_in_the_order_of_hashes(rows, seed):
    order = seed.sample(ITEMS, len(ITEMS))
    missing = {item.value.to_bytes(16, "big"): item for item in order}
    shards = list(windows.shards(Toy(), missing, ShardSize(rows), 1))
    hashes = [[digest(row.name)[:4] for row in shard.rows] for shard in shards]
    owners = Counter(
        (shard.rows[0].dataset, bucket)
        for shard, own in zip(shards, hashes, strict=True)
        for bucket in set(own)
    )

    assert sorted(missing) == sorted(key for shard in shards for key in shard.keys)
    assert all(
        missing[key] == row for shard in shards for key, row in zip(shard.keys, shard.rows, strict=True)
    )
    assert {1} == {len({row.dataset for row in shard.rows}) for shard in shards}
    assert all(own == sorted(own) for own in hashes)
    assert {1} == set(owners.values())
    assert sum(len(shard.keys) < rows for shard in shards) <= 3  # the last one of each dataset


def test_the_rows_of_one_id_share_a_shard():
    """A pair's ballots share their pictures."""
    ballots = [Item("set", f"pair-{number // 3}", number) for number in range(90)]
    missing = {item.value.to_bytes(16, "big"): item for item in ballots}
    shards = list(windows.shards(Toy(), missing, ShardSize(4), 1))

    assert {3} == set(
        Counter((index, row.name) for index, shard in enumerate(shards) for row in shard.rows).values()
    )
