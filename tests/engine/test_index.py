"""The index of finished rows is a side file: it may be garbage, and a dictionary is its oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.engine.index import KEY, Index, load

KEYS = st.lists(st.integers(0, 200), min_size=0, max_size=30, unique=True)


def key(number):
    """16 bytes that end and begin with zeros, as one of 256 real keys does."""
    return number.to_bytes(8, "big") + b"\0" * 8


def array(numbers):
    return np.frombuffer(b"".join(map(key, numbers)), KEY)


def places(index, numbers):
    shards, rows = index.find(array(numbers))
    return [
        (index.names[shard], row) if shard >= 0 else None
        for shard, row in zip(shards.tolist(), rows.tolist(), strict=True)
    ]


def save(index, file):
    index.save(file, file.with_suffix(".fresh"))


@given(shards=st.lists(KEYS, max_size=12), asked=KEYS)
def test_a_key_is_found_where_it_was_entered_last(shards, asked):
    index, oracle = Index(), dict[int, tuple[str, int]]()
    for number, keys in enumerate(shards):
        index.add(f"s{number}", b"".join(map(key, keys)))
        oracle |= {k: (f"s{number}", row) for row, k in enumerate(keys)}

    assert [oracle.get(k) for k in asked] == places(index, asked)


@given(shards=st.lists(KEYS, min_size=1, max_size=8), data=st.data())
def test_what_is_saved_and_loaded_is_the_same_without_the_shards_that_are_gone(
    shards, data, tmp_path_factory
):
    file = tmp_path_factory.mktemp("index") / "1.index"
    contents = {f"s{number}": keys for number, keys in enumerate(shards)}
    index = Index()
    for name, keys in contents.items():
        index.add(name, b"".join(map(key, keys)))
    save(index, file)
    gone = data.draw(st.sets(st.sampled_from(sorted(contents))))
    present = [name for name in contents if name not in gone]
    loaded = load(file, present, unread)
    save(loaded, file)
    again = load(file, present, unread)
    left = {k: (name, row) for name in present for row, k in enumerate(contents[name])}
    everywhere = {k for keys in shards for k in keys}

    for one in (loaded, again):
        found = dict(zip(sorted(everywhere), places(one, sorted(everywhere)), strict=True))
        assert {k for k, place in found.items() if place} <= left.keys()
        assert all(contents[place[0]][place[1]] == k for k, place in found.items() if place)
    assert present == [name for name in again.names if name]


def unread(names):
    assert [] == names, "they are listed, and were read"
    return []


@pytest.fixture
def saved(tmp_path):
    index = Index()
    index.add("s0", b"".join(map(key, range(50))))
    index.add("s1", b"".join(map(key, range(50, 80))))
    save(index, tmp_path / "1.index")
    return tmp_path / "1.index"


def keys_of(names):
    return [b"".join(map(key, range(50) if name == "s0" else range(50, 80))) for name in names]


def test_garbage_is_noticed_and_the_index_is_made_anew(saved, caplog):
    whole = saved.read_bytes()
    rng = np.random.default_rng(0)
    damages = [b"", b"garbage", whole[:-1], whole + b"x", whole[: len(whole) // 2], bytes(len(whole))]
    for at in rng.integers(len(whole), size=60):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << int(rng.integers(8))
        damages.append(bytes(flipped))
    for damage in damages:
        caplog.clear()
        saved.write_bytes(damage)
        index = load(saved, ["s0", "s1"], keys_of)

        assert [("s0", 3), ("s1", 1), None] == places(index, [3, 51, 80])
        assert "is damaged; it is made anew from the shards" in caplog.text
        save(index, saved)
        assert whole == saved.read_bytes()


def test_a_folder_in_its_place_is_no_index(saved):
    saved.unlink()
    saved.mkdir()
    index = load(saved, ["s0", "s1"], keys_of)
    save(index, saved)

    assert [("s1", 1)] == places(load(saved, ["s0", "s1"], unread), [51])


def test_a_shard_that_another_run_has_added_is_read_and_one_that_came_back_is_found(saved):
    index = load(saved, ["s0"], unread)

    assert [("s0", 3), None] == places(index, [3, 51])
    index.add("s1", *keys_of(["s1"]))
    save(index, saved)
    assert [("s0", 3), ("s1", 1)] == places(load(saved, ["s0", "s1"], unread), [3, 51])


def test_nothing_is_written_where_nothing_has_changed(saved):
    before = saved.stat().st_ino
    save(load(saved, ["s0", "s1"], unread), saved)

    assert before == saved.stat().st_ino


def test_a_row_takes_24_bytes(saved):
    assert 80 * 24 < saved.stat().st_size < 80 * 24 + 100
