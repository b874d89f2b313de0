"""Finished work that several machines share is the work of a home: same rows and bytes, done once."""

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.engine.in_process import InProcess
from tests.engine.sharing import ITEMS, RESULTS, fill, forbid, of_shards, rows, shared_folder
from tests.engine.toys import Counted, Toy, computed
from unirain_core.artefacts.remote import Remote
from unirain_core.artefacts.sums import content_name, damage
from unirain_core.engine import shards, uses
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.shared import pack
from unirain_core.engine.store import WorkStore
from unirain_core.errors import MissingInputError


def test_rows_and_files_are_those_of_a_home(tmp_path, url, machines):
    home = WorkStore(home=tmp_path / "home", owner="toy")
    of_home = finished_rows(Toy(), ITEMS, home, InProcess())
    files = {f"shards/toy/{path.name}": path.read_bytes() for path in home.shards.iterdir()}

    assert of_home == finished_rows(Toy(), ITEMS, machines[0], InProcess())
    assert files == of_shards(url)
    assert RESULTS == of_home


def test_another_machine_computes_nothing_that_is_finished(tmp_path, machines):
    here, there = machines
    rows(tmp_path / "log", here)

    assert RESULTS == rows(tmp_path / "log2", there)
    assert [] == computed(tmp_path / "log2")


def watch(monkeypatch):
    """What every store is asked from now on: method and path."""
    asked: list[tuple[str, str]] = []

    def noting(name, method):
        def noted(self, *arguments):
            asked.append((name, self.below))
            return method(self, *arguments)

        return noted

    for name in ("files", "read_bytes", "ask_state", "put"):
        monkeypatch.setattr(Remote, name, noting(name, getattr(Remote, name)))
    return asked


def test_a_run_in_which_all_is_finished_lists_the_store_and_fetches_nothing(
    tmp_path, url, machines, monkeypatch
):
    _, there = machines
    for store in machines:
        rows(tmp_path / "log", store)
    asked = watch(monkeypatch)
    rows(tmp_path / "log", there)
    used = f"used/{uses.machine(there.home)}/toy.json"

    assert [("files", "shards/toy"), ("files", "shards/toy"), ("put", used)] == asked


def test_work_that_a_home_had_before_it_shared_a_store_is_put_there_when_it_is_used(tmp_path, url, machines):
    here, there = machines
    alone = WorkStore(home=here.home, owner="toy")
    rows(tmp_path / "log", alone)
    rows(tmp_path / "log", here)

    assert len(ITEMS) == len(computed(tmp_path / "log"))
    assert RESULTS == rows(tmp_path / "log2", there)
    assert [] == computed(tmp_path / "log2")


def test_copies_are_the_home_s_work_when_the_store_is_named_no_more(tmp_path, machines):
    here, there = machines
    rows(tmp_path / "log", here)
    rows(tmp_path / "log", there)

    assert RESULTS == rows(tmp_path / "log2", WorkStore(home=there.home, owner="toy"))
    assert [] == computed(tmp_path / "log2")


def test_a_folder_is_made_by_one_machine_for_all(url, machines):
    here, there = machines
    made = shared_folder(here, fill)
    fetched = there.folder("k", forbid)

    assert damage(fetched) is None
    assert b"pixels" == (fetched / "sub/picture.png").read_bytes()
    assert pack(made) == pack(fetched)
    assert 1 == len(of_shards(url)), "one object each, which appears whole"


def test_it_is_known_of_a_folder_that_another_machine_made_before_it_is_fetched(machines):
    here, there = machines
    shared_folder(here, fill)

    assert there.has_folder("k")
    assert not there.has_folder("other")
    assert ["k"] == [folder.name for folder in there.folders("k")]


def test_two_machines_that_make_one_folder_differently_leave_two_whole_objects(machines, url):
    """Weights of two kinds of GPU differ in their last bits."""
    here, _ = machines
    made = [store.folder("k", lambda f, s=store: (f / "x").write_text(s.home.name)) for store in machines]
    third = WorkStore(home=here.home.with_name("third"), owner="toy", url=url)
    here.shelf.put(f"k.{'0' * 32}.zip", b"the other machine's upload is damaged")
    here.shelf.put(content_name("k", pack(made[1]), ".zip"), pack(made[1]))

    assert damage(third.folder("k", forbid)) is None
    assert "there" == (third.shards / "k/x").read_text()


def test_workers_reach_the_store_by_the_environment_alone(tmp_path, store):
    machine = WorkStore(home=tmp_path / "home", owner="toy", url="s3://rain/work")
    log = tmp_path / "log"

    assert RESULTS == finished_rows(Counted(log=log), ITEMS, machine, LocalEngine(2))
    assert len(ITEMS) == len(computed(log))
    assert of_shards("s3://rain/work")


def test_a_worker_needs_no_home(tmp_path, url):
    """Workers of a cluster run on machines that have no project."""
    nowhere = tmp_path / "file"
    nowhere.touch()
    store = WorkStore(home=nowhere, owner="toy", url=url)
    name = shards.write(store, Toy(), [bytes(16)], RESULTS[:1])

    assert {f"shards/toy/{name}"} == set(of_shards(url))


WITHOUT_FSSPEC = """
import sys
from pathlib import Path
from tests.engine.in_process import InProcess
from tests.engine.toys import Item, Toy
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
store = WorkStore(home=Path(sys.argv[1]), owner="toy")
store.begin()
finished_rows(Toy(), [Item("set", "a", 1)], store, InProcess())
store.folder("k", lambda folder: None)
store.end()
print([name for name in ("fsspec", "s3fs", "zipfile._path") if name in sys.modules])
"""


def test_a_home_alone_does_not_load_fsspec(tmp_path):
    command = [sys.executable, "-c", WITHOUT_FSSPEC, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "[]" == ended.stdout.strip()


class Elsewhere(InProcess):
    """A worker of another machine: its disk is not this one's."""

    @contextmanager
    def open(self, function, device):
        there = replace(function.store, home=function.store.home.with_name("there"))
        with super().open(replace(function, store=there), device) as pool:
            yield pool


@pytest.mark.parametrize("cure", ["UNIRAIN_STORE", "a home that all share"])
def test_a_worker_whose_disk_is_not_ours_is_noticed_and_each_cure_that_is_named_helps(tmp_path, cure):
    store = WorkStore(home=tmp_path / "here", owner="toy")
    with pytest.raises(MissingInputError, match=r"set UNIRAIN_STORE .*UNIRAIN_HOME lie on a disk that all"):
        finished_rows(Toy(), ITEMS, store, Elsewhere())
    if cure == "UNIRAIN_STORE":
        (tmp_path / "share").mkdir()
        store = replace(store, url=f"file://{tmp_path / 'share'}")
    else:
        store = replace(store, home=tmp_path / "there")

    assert RESULTS == finished_rows(Toy(), ITEMS, store, Elsewhere())
