"""A file is read once, and again as soon as it may have changed."""

import hashlib
import os

import pytest

from unirain_core.sources import file_hashes
from unirain_core.sources.file_hashes import Content, HashCache


def settled(path, content, seconds=1_000_000_000):
    path.write_bytes(content)
    os.utime(path, (seconds, seconds))
    return path


@pytest.fixture
def cache(tmp_path):
    return HashCache(tmp_path / ".unirain/hashes/files.sqlite")


def forbid_reading(monkeypatch):
    monkeypatch.setattr(file_hashes, "_read", lambda path: pytest.fail(f"{path} was read"))


def test_a_hash_is_the_sha256_of_the_content(tmp_path, cache):
    file = settled(tmp_path / "a", b"rain")

    assert [Content(4, hashlib.sha256(b"rain").hexdigest()[:32])] == list(cache.contents([file]))


def test_an_unchanged_file_is_not_read_again(tmp_path, cache, monkeypatch):
    files = [settled(tmp_path / name, name.encode()) for name in "abc"]
    first = list(cache.contents(files))
    forbid_reading(monkeypatch)

    assert first == list(HashCache(cache.path).contents(files))


def test_a_file_of_another_size_or_time_is_read_again(tmp_path, cache):
    file = settled(tmp_path / "a", b"old")
    (old,) = cache.contents([file])
    settled(file, b"newer")
    (longer,) = cache.contents([file])
    settled(file, b"newes", seconds=1_000_000_001)
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
    pointer = settled(
        tmp_path / "p.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    )
    sound = settled(tmp_path / "s", b"x")
    contents = list(cache.contents([pointer, tmp_path / "gone", sound]))

    assert ["git_lfs_pointer", "unreadable", ""] == [c.problem for c in contents]


def test_batches_keep_the_order(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(file_hashes, "BATCH", 2)
    files = [settled(tmp_path / str(n), bytes(n)) for n in range(5)]

    assert [0, 1, 2, 3, 4] == [c.size for c in cache.contents(files)]
