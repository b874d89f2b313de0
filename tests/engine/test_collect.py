"""`unirain gc` removes what no run refers to, and nothing that a run of any machine wants."""

import pytest

from tests.engine.sharing import fill
from unirain_core.engine import uses
from unirain_core.engine.collect import collect, collect_shared
from unirain_core.engine.shared import place
from unirain_core.engine.store import WorkStore


def test_collecting_keeps_what_an_interrupted_run_finished(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy@a")
    store.begin()
    kept = store.folder("k", fill)  # here the run is killed
    collection = collect(tmp_path)

    assert kept.is_dir()
    assert ("toy@a",) == collection.kept_for


def test_collecting_after_the_interrupted_run_came_to_its_end_removes_what_it_no_longer_uses(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")
    store.begin()
    store.folder("old", fill)
    store.begin()
    store.folder("new", fill)
    store.record_use(["new"])
    store.end()

    assert [store.shards / "old"] == list(collect(tmp_path).removed)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"stage": "toy", "names": 3, "is_whole": true}']
)
def test_a_damaged_used_list_removes_nothing(tmp_path, content):
    store = WorkStore(home=tmp_path, owner="toy")
    kept = store.folder("k", fill)
    store.record_use([])
    (tmp_path / "used/toy.json").write_bytes(content)
    collection = collect(tmp_path)

    assert kept.is_dir()
    assert ("toy",) == collection.kept_for


def test_collecting_without_any_used_list_removes_nothing(tmp_path):
    kept = WorkStore(home=tmp_path, owner="toy").folder("k", fill)

    assert () == collect(tmp_path).removed
    assert kept.is_dir()


def test_collecting_keeps_what_something_else_names(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")
    named, other = store.folder("named", fill), store.folder("other", fill)
    store.record_use([])
    store.end()

    assert (other,) == collect(tmp_path, named=[named]).removed


def test_what_each_job_of_a_run_used_is_kept_and_what_only_the_run_before_used_is_not(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")
    folders = {name: store.folder(name, fill) for name in ("before", "first job", "second job")}
    for run in (["before"], ["first job", "second job"]):
        store.begin()
        for name in run:
            store.record_use([name])
        store.end()

    assert (folders["before"],) == collect(tmp_path).removed


def test_a_run_that_is_killed_between_two_of_its_jobs_keeps_the_work_of_both(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")
    for name in ("first job", "second job"):
        store.folder(name, fill)
    store.begin()
    store.record_use(["first job"])  # here the run is killed

    assert () == collect(tmp_path).removed


def test_a_file_among_the_folders_of_the_stages_stays(tmp_path):
    store = WorkStore(home=tmp_path, owner="toy")
    store.folder("k", fill)
    (tmp_path / "shards/.DS_Store").touch()
    store.record_use([])
    store.end()

    assert (store.shards / "k",) == collect(tmp_path).removed
    assert (tmp_path / "shards/.DS_Store").exists()


def test_an_interrupted_run_of_what_can_no_longer_run_keeps_nothing(tmp_path):
    """A variant that params no longer names will never come to its end."""
    gone, there = WorkStore(home=tmp_path, owner="toy@gone"), WorkStore(home=tmp_path, owner="toy@there")
    gone.begin()
    left = gone.folder("left", fill)
    there.begin()
    there.record_use([there.folder("used", fill).name])
    there.end()

    assert (left,) == collect(tmp_path, owners={"toy@there"}).removed


def test_a_stage_that_keeps_nothing_in_the_store_is_not_said_to_be_interrupted(tmp_path):
    store = WorkStore(home=tmp_path, owner="tables")
    store.begin()
    store.end()

    assert () == collect(tmp_path).kept_for


def at(tmp_path, machine, url, owner="toy"):
    return WorkStore(home=tmp_path / machine, owner=owner, url=url)


def whole_run(store, *keys):
    """A run of these folders that comes to its end."""
    store.begin()
    for key in keys:
        store.folder(key, fill)
    store.record_use(keys)
    store.end()


def keys(url, stage="toy"):
    """Of the folders in a shared store."""
    return sorted(name.partition(".")[0] for name in (place(url) / "shards" / stage).files())


def test_the_work_of_a_shared_store_that_no_machine_used_last_is_removed_and_the_rest_stays(tmp_path, url):
    here, there = at(tmp_path, "here", url), at(tmp_path, "there", url)
    whole_run(here, "old", "both")
    whole_run(there, "both", "theirs")
    whole_run(here, "both", "mine")
    size = next(state.size for name, state in (place(url) / "shards/toy").files().items() if "old" in name)
    collection = collect_shared(place(url), here.home)

    assert ["both", "mine", "theirs"] == keys(url)
    assert (1, size, ()) == (len(collection.removed), collection.freed, collection.kept_for)


@pytest.mark.parametrize("owners", [None, {"toy"}])
def test_what_another_machine_is_running_or_was_interrupted_in_stays_whole(tmp_path, url, owners):
    here, there = at(tmp_path, "here", url), at(tmp_path, "there", url, "toy@other")
    whole_run(here, "old")
    whole_run(here, "mine")
    there.begin()
    collection = collect_shared(place(url), here.home, owners=owners)

    assert ["mine", "old"] == keys(url)
    assert (f"toy@other of {uses.machine(there.home)}",) == collection.kept_for


def test_an_interrupted_run_here_of_what_can_no_longer_run_keeps_nothing_in_a_shared_store(tmp_path, url):
    gone, there = at(tmp_path, "here", url, "toy@gone"), at(tmp_path, "here", url, "toy@there")
    whole_run(gone, "left")
    gone.begin()
    gone.record_use([])
    whole_run(there, "used")
    collect_shared(place(url), there.home, owners={"toy@there"})

    assert ["used"] == keys(url)


def test_what_a_model_s_version_names_stays_in_a_shared_store(tmp_path, url):
    here = at(tmp_path, "here", url)
    whole_run(here, "named", "other")
    whole_run(here)
    collect_shared(place(url), here.home, named=[here.shards / "named"])

    assert ["named"] == keys(url)


def test_the_work_of_a_stage_of_which_nothing_is_known_stays_in_a_shared_store(tmp_path, url):
    (place(url) / "shards/foreign/k.0.zip").put(b"x")
    whole_run(at(tmp_path, "here", url), "mine")
    collection = collect_shared(place(url), tmp_path / "here")

    assert (("foreign",), ()) == (collection.kept_for, collection.removed)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_used_list_of_another_machine_removes_nothing(tmp_path, url, content):
    here, there = at(tmp_path, "here", url), at(tmp_path, "there", url)
    whole_run(there, "theirs")
    whole_run(here, "mine")
    (place(url) / "used" / uses.machine(there.home) / "toy.json").put(content)
    collect_shared(place(url), here.home)

    assert ["mine", "theirs"] == keys(url)


def test_work_that_another_machine_removes_at_the_same_time_is_no_error(tmp_path, url, monkeypatch):
    here, of_shared = at(tmp_path, "here", url), uses.of_shared
    whole_run(here, "old", "older")
    whole_run(here, "mine")

    def while_another_collects(shared):
        for name in (shared / "shards/toy").files():
            if name.startswith("old."):
                (shared / "shards/toy" / name).remove()
        return of_shared(shared)

    monkeypatch.setattr(uses, "of_shared", while_another_collects)
    collect_shared(place(url), here.home)

    assert ["mine"] == keys(url)


def test_a_run_that_began_while_its_work_was_removed_puts_it_back(tmp_path, url):
    here, there = at(tmp_path, "here", url), at(tmp_path, "there", url)
    whole_run(here, "k")
    whole_run(here)
    there.folder("k", fill)
    collect_shared(place(url), here.home)
    assert [] == keys(url)
    there.record_use(["k"])

    assert ["k"] == keys(url)


def test_what_a_killed_process_left_half_written_is_removed_once_its_stage_has_ended(tmp_path):
    url = f"file://{tmp_path}"
    here = at(tmp_path, "here", url)
    here.begin()
    here.folder("k", fill)
    (tmp_path / "shards/toy").mkdir(parents=True)
    left = tmp_path / "shards/toy/.0123.partial"
    left.touch()
    collect_shared(place(url), here.home)
    assert left.exists()
    whole_run(here, "k")
    collect_shared(place(url), here.home)

    assert not left.exists()
    assert ["k"] == keys(url)


def test_collecting_at_home_keeps_copies_that_a_run_here_used(tmp_path, url):
    here, there = at(tmp_path, "here", url), at(tmp_path, "there", url)
    whole_run(here, "old", "k")
    whole_run(there, "old", "k")
    whole_run(there, "k")
    removed = collect(there.home).removed

    assert [there.shards / "old"] == list(removed)
    assert ["k", "old"] == keys(url)
