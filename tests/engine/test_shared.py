"""Finished work that several machines share is the work of a home: same rows and bytes, done once, checked, never half."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest

from tests.engine.in_process import InProcess
from tests.engine.toys import Counted, Item, Toy, computed, verdict
from unirain_core.artefacts import remote
from unirain_core.artefacts.remote import Remote
from unirain_core.artefacts.sums import content_name, damage
from unirain_core.engine import shards, uses
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.shared import pack, place, store_url
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, MissingInputError

ITEMS = [Item("set", f"item-{number}", number) for number in range(40)]
RESULTS = [verdict(item) for item in ITEMS]


@pytest.fixture(autouse=True)
def lines():
    """No store counts as silent for what a test before did."""
    remote._line.cache_clear()


@pytest.fixture(params=["s3", "file", "memory"])
def url(request, tmp_path):
    """Of an empty store."""
    if request.param == "s3":
        request.getfixturevalue("store")
        return "s3://rain/a folder #%20é"
    if request.param == "memory":
        system = fsspec.filesystem("memory")
        system.store.clear()
        system.mkdirs("/rain", exist_ok=True)
        return "memory://rain"
    (tmp_path / "a share #%20é").mkdir()
    return f"file://{tmp_path / 'a share #%20é'}"


@pytest.fixture
def machines(tmp_path, url):
    """Two machines: two homes that share one store."""
    return [WorkStore(home=tmp_path / name, owner="toy", url=url) for name in ("here", "there")]


def objects(url):
    """Content of everything in a store, by its path there."""
    folder = place(url)
    return {name: (folder / name).read_bytes() for name in folder.files()}


def of_shards(url):
    return {name: content for name, content in objects(url).items() if name.startswith("shards/")}


def rows(log, store):
    return finished_rows(Counted(log=log), ITEMS, store, InProcess())


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


def fill(folder):
    (folder / "sub").mkdir()
    (folder / "sub/picture.png").write_bytes(b"pixels")
    (folder / "x").write_text("content")


def forbid(folder):
    raise AssertionError("this is finished")


def shared_folder(store, make):
    """The finished folder of a run that ends well."""
    folder = store.folder("k", make)
    store.record_use(["k"])
    return folder


def test_a_folder_is_made_by_one_machine_for_all(url, machines):
    here, there = machines
    made = shared_folder(here, fill)
    fetched = there.folder("k", forbid)

    assert damage(fetched) is None
    assert b"pixels" == (fetched / "sub/picture.png").read_bytes()
    assert pack(made) == pack(fetched)
    assert 1 == len(of_shards(url)), "one object each, which appears whole"


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
from tests.engine.test_shared import ITEMS
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


def test_the_store_is_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("UNIRAIN_STORE", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    assert "" == WorkStore.at(tmp_path, "toy").url

    monkeypatch.setenv("UNIRAIN_STORE", "s3://rain/work")
    assert "s3://rain/work" == WorkStore.at(tmp_path, "toy").url

    monkeypatch.setenv("UNIRAIN_STORE", "share")
    assert f"file://{tmp_path}/share" == WorkStore.at(tmp_path, "toy").url == store_url(tmp_path)


def test_a_folder_of_a_shared_disk_is_a_store(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRAIN_STORE", str(tmp_path / "share"))
    (tmp_path / "share").mkdir()
    rows(tmp_path / "log", WorkStore.at(tmp_path, "toy"))
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "other"))

    assert RESULTS == rows(tmp_path / "log2", WorkStore.at(tmp_path, "toy"))
    assert [] == computed(tmp_path / "log2")


def test_a_bucket_that_does_not_exist_is_named_and_the_remedies_help(tmp_path, store):
    machine = WorkStore(home=tmp_path / "home", owner="toy", url="s3://nowhere/work")
    told = r"UNIRAIN_STORE: s3://nowhere/work does not exist; correct UNIRAIN_STORE, or create the bucket or the folder"
    with pytest.raises(MissingInputError, match=told):
        machine.begin()
    store.client.create_bucket(Bucket="nowhere")
    machine.begin()
    WorkStore(home=tmp_path / "home", owner="toy", url="s3://rain/work").begin()

    assert 1 == len(objects("s3://rain/work")) == len(objects("s3://nowhere/work"))


def test_a_shared_disk_that_is_not_mounted_is_named_and_nothing_is_written_in_its_place(tmp_path):
    machine = WorkStore(home=tmp_path / "home", owner="toy", url=f"file://{tmp_path}/share")
    with pytest.raises(MissingInputError, match=r"share does not exist; correct UNIRAIN_STORE, or create"):
        machine.begin()
    assert not (tmp_path / "share").exists()

    (tmp_path / "share").mkdir()
    machine.begin()
    assert 1 == len(objects(machine.url))


def test_a_scheme_that_nobody_knows_is_a_fault_of_the_variable(tmp_path):
    machine = WorkStore(home=tmp_path, owner="toy", url="s33://rain/work")
    with pytest.raises(ConfigError, match=r"fsspec knows no s33://; correct UNIRAIN_STORE"):
        machine.begin()
    WorkStore(home=tmp_path, owner="toy", url=f"file://{tmp_path}").begin()


BEGIN = """
import sys
from pathlib import Path
from unirain_core.engine.store import WorkStore
WorkStore(home=Path(sys.argv[1]), owner="toy", url="s3://rain/work").begin()
"""


def test_without_credentials_the_message_says_what_to_set_and_then_it_works(tmp_path, store):
    environment = {
        k: v for k, v in os.environ.items() if k not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN, str(tmp_path)],
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "give credentials in the environment, for s3:// AWS_ACCESS_KEY_ID" in ended.stderr
    subprocess.run([sys.executable, "-c", BEGIN, str(tmp_path)], check=True)


def test_a_library_s_error_that_quotes_a_password_does_not_show_it(tmp_path, store):
    program = BEGIN.replace("s3://", "s3://me:secret@")
    command = [sys.executable, "-c", program, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert 'Invalid bucket name "rain"' in ended.stderr
    assert "secret" not in ended.stderr


def test_a_password_in_the_url_is_never_shown():
    store = WorkStore(home=Path("home"), owner="toy", url="sftp://me:secret@host/work")

    assert "secret" not in repr(store) + repr(store.shelf) + str(place(store.url) / "x")
    assert store == pickle.loads(pickle.dumps(store))


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


def test_a_home_has_one_name_and_a_copy_of_it_has_another(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    name = uses.machine(tmp_path / "home")
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    copied = uses.machine(tmp_path / "copy")
    again = uses.machine(tmp_path / "home")
    monkeypatch.setattr("socket.gethostname", lambda: "other")

    assert name == again
    assert 3 == len({name, copied, uses.machine(tmp_path / "home")})


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
