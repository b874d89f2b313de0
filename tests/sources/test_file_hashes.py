"""A file is read once, and again as soon as it may have changed."""

import hashlib
import os
import sqlite3
import time
from contextlib import closing
from functools import partial

import numpy as np
import pytest

from unirain_core.sources import file_contents, file_hashes
from unirain_core.sources.file_contents import Content
from unirain_core.sources.file_hashes import HashCache


def written(path, content, seconds=1_000_000_000):
    path.write_bytes(content)
    os.utime(path, (seconds, seconds))
    return path


@pytest.fixture
def settled(monkeypatch):
    """Files count as still at once: nobody can set a file's time of change of the inode back."""
    monkeypatch.setattr(file_contents, "SETTLED_NS", -(10**12))


@pytest.fixture
def cache(tmp_path):
    return HashCache(tmp_path / ".unirain/hashes/files.sqlite")


def forbid_reading(monkeypatch):
    monkeypatch.setattr(file_hashes, "read", lambda path: pytest.fail(f"{path} was read"))


def test_a_hash_is_the_sha256_of_the_content(tmp_path, cache):
    file = written(tmp_path / "a", b"rain")

    assert [Content(4, hashlib.sha256(b"rain").hexdigest()[:32])] == list(cache.contents([file]))


def test_an_unchanged_file_is_not_read_again(tmp_path, cache, monkeypatch, settled):
    files = [written(tmp_path / name, name.encode()) for name in "abc"]
    first = list(cache.contents(files))
    forbid_reading(monkeypatch)

    assert first == list(HashCache(cache.path).contents(files))


def test_a_file_of_another_size_or_time_is_read_again(tmp_path, cache, settled):
    file = written(tmp_path / "a", b"old")
    (old,) = cache.contents([file])
    written(file, b"newer")
    (longer,) = cache.contents([file])
    written(file, b"newes", seconds=1_000_000_001)
    (touched,) = cache.contents([file])

    assert 3 == len({old, longer, touched})


def test_a_file_that_may_still_change_is_not_kept(tmp_path, cache):
    file = tmp_path / "a"
    file.write_bytes(b"one")
    (one,) = cache.contents([file])
    times = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert one.hash != next(iter(cache.contents([file]))).hash


def test_a_git_lfs_pointer_and_a_missing_file_are_problems_and_stay_in_their_place(tmp_path, cache):
    pointer = written(
        tmp_path / "p.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    )
    sound = written(tmp_path / "s", b"x")
    contents = list(cache.contents([pointer, tmp_path / "gone", sound]))

    assert ["git_lfs_pointer", "unreadable", ""] == [c.problem for c in contents]


def test_batches_keep_the_order(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(file_hashes, "BATCH", 2)
    files = [written(tmp_path / str(n), bytes(n)) for n in range(5)]

    assert [0, 1, 2, 3, 4] == [c.size for c in cache.contents(files)]


def contents(cache, *files):
    return [content.hash for content in cache.contents(files)]


def sha(content):
    return hashlib.sha256(content).hexdigest()[:32]


def test_a_file_put_in_the_place_of_one_of_equal_size_and_time_is_read(tmp_path, cache, settled):
    file = written(tmp_path / "a", b"old")
    contents(cache, file)
    written(tmp_path / "b", b"new").replace(file)  # as `cp -p`, unzip and rsync -t do

    assert [sha(b"new")] == contents(cache, file)


def test_a_file_that_is_rewritten_in_place_with_its_old_time_is_read(tmp_path, cache, settled):
    file = written(tmp_path / "a", b"old")
    contents(cache, file)
    time.sleep(0.05)  # longer than the file system's clock ticks
    written(file, b"new")

    assert [sha(b"new")] == contents(cache, file)


def put_folder(path):
    path.unlink()
    path.mkdir()
    (path / "x").touch()


def put_old_columns(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE hashes (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, hash TEXT)")
        base.execute("INSERT INTO hashes VALUES ('a', 1, 1, 'wrong')")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"garbage" * 999),
        lambda path: path.write_bytes(path.read_bytes()[:-5000]),
        lambda path: path.write_bytes(path.read_bytes()[:50]),
        put_folder,
        put_old_columns,
    ],
    ids=["empty", "garbage", "cut", "cut in its head", "a folder", "of older columns"],
)
def test_a_spoilt_cache_is_made_anew_with_a_line_and_works(
    tmp_path, cache, settled, spoil, caplog, monkeypatch
):
    files = [written(tmp_path / f"{n}", b"%d" % n) for n in range(300)]
    hashes = contents(cache, *files)
    spoil(cache.path)

    assert hashes == contents(HashCache(cache.path), *files)
    assert "all files are read again" in caplog.text

    forbid_reading(monkeypatch)
    assert hashes == contents(HashCache(cache.path), *files)


def test_a_cache_that_is_spoilt_while_it_is_used_is_made_anew(tmp_path, cache, settled, caplog):
    file = written(tmp_path / "a", b"rain")
    cache.path.write_bytes(b"garbage" * 999)

    assert [sha(b"rain")] == contents(cache, file)
    assert "all files are read again" in caplog.text


def test_a_flipped_bit_never_gives_a_wrong_hash(tmp_path, cache, settled):
    files = [written(tmp_path / f"{n}", b"%d" % n) for n in range(60)]
    hashes = contents(cache, *files)
    sound = cache.path.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.integers(len(sound), size=150):
        spoilt = bytearray(sound)
        spoilt[position] ^= 1 << int(rng.integers(8))
        cache.path.write_bytes(spoilt)

        assert hashes == contents(HashCache(cache.path), *files), f"byte {position}"


def test_a_flipped_hash_is_not_believed(tmp_path, cache, settled):
    file = written(tmp_path / "a", b"rain")
    contents(cache, file)
    with closing(sqlite3.connect(cache.path)) as base, base:
        base.execute("UPDATE hashes SET hash = '0' || substr(hash, 2)")

    assert [sha(b"rain")] == contents(cache, file)


def test_a_cache_in_use_by_another_program_costs_only_time(tmp_path, cache, settled, monkeypatch):
    file = written(tmp_path / "a", b"rain")
    monkeypatch.setattr("sqlite3.connect", partial(sqlite3.connect, timeout=0.01))
    with closing(sqlite3.connect(cache.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert [sha(b"rain")] == contents(cache, file)


def test_a_cache_that_another_program_holds_when_it_is_opened_is_not_thrown_away(
    tmp_path, cache, settled, monkeypatch
):
    files = [written(tmp_path / name, name.encode()) for name in "ab"]
    hashes = contents(cache, *files)
    monkeypatch.setattr("sqlite3.connect", partial(sqlite3.connect, timeout=0.01))
    with closing(sqlite3.connect(cache.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert hashes[:1] == contents(HashCache(cache.path), files[0])

    forbid_reading(monkeypatch)
    assert hashes == contents(HashCache(cache.path), *files)
