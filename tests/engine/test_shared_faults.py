"""Damage, a store that fails and a process that is killed cost no finished work, and nothing half done has a name."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.engine.sharing import ITEMS, RESULTS, fill, forbid, of_shards, rows, shared_folder
from tests.engine.toys import computed
from unirain_core.artefacts.remote import Remote
from unirain_core.artefacts.sums import content_name, damage
from unirain_core.engine import shards
from unirain_core.engine.shared import pack, place
from unirain_core.engine.store import WorkStore


def test_a_damaged_object_is_done_again_and_stands_whole_afterwards(tmp_path, url, machines, caplog):
    here, there = machines
    rows(tmp_path / "log", here)
    before = of_shards(url)
    name = min(before)
    (place(url) / name).put(before[name][:-1])

    assert RESULTS == rows(tmp_path / "log2", there)
    assert 0 < len(computed(tmp_path / "log2")) < len(ITEMS)
    assert f"finished work is damaged and is done again: {place(url) / name}" in caplog.text
    third = WorkStore(home=tmp_path / "third", owner="toy", url=url)
    assert RESULTS == rows(tmp_path / "log3", third)
    assert [] == computed(tmp_path / "log3")


def test_a_damaged_copy_is_fetched_again(tmp_path, machines):
    here, there = machines
    rows(tmp_path / "log", here)
    rows(tmp_path / "log", there)
    for copy in there.shards.iterdir():
        copy.write_bytes(b"damaged")

    assert RESULTS == rows(tmp_path / "log2", there)
    assert [] == computed(tmp_path / "log2")


def test_a_shard_that_vanishes_after_the_listing_has_no_keys(tmp_path, url, machines):
    here, there = machines
    rows(tmp_path / "log", here)
    names = shards.names(there, "1")
    (place(url) / "shards/toy" / names[0]).remove()

    assert [b"", *shards.keys_of(here, names[1:])] == list(shards.keys_of(there, names))


def test_a_damaged_folder_of_the_store_is_made_again_and_a_damaged_copy_is_fetched_again(url, machines):
    here, there = machines
    made = shared_folder(here, fill)
    (name,) = of_shards(url)
    (place(url) / name).put(b"no archive")
    shared_folder(there, fill)
    (made / "x").write_text("kontent")
    healed = here.folder("k", forbid)

    assert damage(healed) is None
    assert 1 == len(of_shards(url))


def test_a_folder_that_was_damaged_before_it_was_packed_is_made_again(url, machines):
    here, there = machines
    made = here.folder("k", fill)
    (made / "x").write_text("kontent")
    content = pack(made)
    here.shelf.put(content_name("k", content, ".zip"), content)

    assert "content" == (shared_folder(there, fill) / "x").read_text()
    assert 1 == len(of_shards(url)), "the unsound one is gone"


def test_what_was_damaged_on_this_machine_is_not_shared(tmp_path, url, machines):
    here, _ = machines
    made = here.folder("k", fill)
    (made / "x").write_text("kontent")
    (here.shards / "1-abc.0123.parquet").write_bytes(b"no shard")
    here.record_use(["k", "1-abc.0123.parquet"])

    assert {} == of_shards(url)


def test_a_store_that_fails_in_the_middle_keeps_what_is_finished(tmp_path, machines, monkeypatch):
    here, _ = machines
    put, calls = Remote.put, []

    def fail_at_the_third(self, content):
        calls.append(1)
        if len(calls) == 3:
            raise OSError(113, "the store does not answer", str(self))
        put(self, content)

    monkeypatch.setattr(Remote, "put", fail_at_the_third)
    with pytest.raises(OSError, match="the store does not answer"):
        rows(tmp_path / "log", here)
    monkeypatch.setattr(Remote, "put", put)
    first = len(computed(tmp_path / "log"))

    assert RESULTS == rows(tmp_path / "log2", here)
    assert 0 < len(computed(tmp_path / "log2")) < len(ITEMS)
    assert len(computed(tmp_path / "log2")) >= len(ITEMS) - first


def test_a_folder_whose_upload_failed_is_not_made_again(machines, url, monkeypatch):
    here, there = machines
    put = Remote.put

    def fail(self, content):
        raise OSError(113, "the store does not answer", str(self))

    monkeypatch.setattr(Remote, "put", fail)
    with pytest.raises(OSError, match="the store does not answer"):
        shared_folder(here, fill)
    monkeypatch.setattr(Remote, "put", put)
    shared_folder(here, forbid)

    assert there.folder("k", forbid).is_dir()


KILLED = """
import os, sys
from fsspec.implementations.local import LocalFileSystem
from unirain_core.engine.shared import place

def half(self, path, content, **options):
    with open(path, "wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
    os.kill(os.getpid(), 9)

LocalFileSystem.pipe_file = half
(place(sys.argv[1]) / "shards/toy/k").put(b"content")
"""


def test_a_half_file_of_a_shared_disk_never_has_its_name(tmp_path):
    url = f"file://{tmp_path}"
    killed = subprocess.run([sys.executable, "-c", KILLED, url], check=False)
    store = WorkStore(home=tmp_path / "home", owner="toy", url=url)

    assert -signal.SIGKILL == killed.returncode
    assert 1 == len(of_shards(url))
    assert [] == store.shelf.names()


UPLOAD = """
import sys
from unirain_core.engine.shared import place
print(flush=True)
(place("s3://rain/work") / "shards/toy/k").put(bytes(120_000_000))
"""


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 0.6, 1.0, 1.5])
def test_a_half_object_never_stands_under_a_name(store, seconds):
    """More than 100 MB go up in several parts."""
    with subprocess.Popen([sys.executable, "-c", UPLOAD], stdout=subprocess.PIPE) as upload:
        assert upload.stdout is not None
        upload.stdout.readline()
        time.sleep(seconds)
        upload.kill()
    files = place("s3://rain/work").files()

    assert {120_000_000} >= {state.size for state in files.values()}


OUTAGE = """
import sys, time
from dataclasses import dataclass
from pathlib import Path
from tests.engine.in_process import InProcess
from tests.engine.sharing import ITEMS
from tests.engine.toys import Counted, computed
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore

folder = Path(sys.argv[1])

@dataclass(frozen=True)
class Waiting(Counted):
    def compute(self, batch):
        results = super().compute(batch)
        if len(computed(self.log)) > len(ITEMS) // 2:
            (folder / "half").touch()
            while not (folder / "on").exists():
                time.sleep(0.05)
        return results

store = WorkStore(home=folder / "home", owner="toy", url="s3://rain/work")
finished_rows(Waiting(log=folder / "log"), ITEMS, store, InProcess())
"""


@pytest.mark.slow
def test_a_server_that_goes_away_in_the_middle_costs_no_finished_work(tmp_path, store):
    from tests.s3 import Store

    other = Store()  # two servers of this process have one memory
    command = [sys.executable, "-c", OUTAGE, str(tmp_path)]
    with subprocess.Popen(
        command, env={**os.environ, "AWS_ENDPOINT_URL": other.url}, stderr=subprocess.PIPE, text=True
    ) as process:
        while not (tmp_path / "half").exists():
            assert process.poll() is None
            time.sleep(0.05)
        other.close()
        (tmp_path / "on").touch()
        assert process.stderr is not None
        said = process.stderr.read()
    here = WorkStore(home=tmp_path / "home", owner="toy", url="s3://rain/work")
    stored = len(b"".join(shards.keys_of(here, shards.names(here, "1")))) // 16

    assert 1 == process.returncode
    assert "the store does not answer" in said.splitlines()[-1]
    assert 0 < stored < len(ITEMS)
    assert RESULTS == rows(tmp_path / "log2", here)
    assert len(ITEMS) - stored == len(computed(tmp_path / "log2"))
