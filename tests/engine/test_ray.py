"""The engine of a Ray cluster gives what the local one gives, also when nodes and drivers are lost."""

import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks import ray_faults
from tests.engine.test_ahead import Loaded
from tests.engine.toys import Item, Toy, verdict
from unirain_core.artefacts.schemas import Verdict
from unirain_core.engine.jobs import Failed
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.make import make_engine
from unirain_core.engine.pools import LOADERS
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, ItemError, MissingInputError

ray = pytest.importorskip("ray", reason="ray is not installed (extra [ray])")

ITEMS = [Item("a", f"item-{i:03d}", i) for i in range(40)]
MARK = "UNIRAIN_TEST_MARK"


@dataclass(frozen=True)
class Fragile(Toy):
    """Ends its process at one item, and fails at another."""

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        for row in batch:
            if row.value == 7:
                os._exit(9)
            if row.value == 11:
                raise ItemError("unreadable", "the eleventh")
        return [verdict(row) for row in batch]


@pytest.fixture
def own_cluster(monkeypatch):
    """A cluster of this machine that ends with the test."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("UNIRAIN_ENGINE", "ray")
    monkeypatch.setenv("UNIRAIN_WORKERS", "2")
    # the workers must find the classes of this test
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    yield
    ray.shutdown()


@pytest.mark.slow
def test_rows_that_fail_or_kill_their_worker_leave_as_with_the_local_engine(tmp_path, own_cluster):
    local = finished_rows(Fragile(), ITEMS, WorkStore(home=tmp_path / "local", owner="toy"), LocalEngine(1))
    of_ray = finished_rows(Fragile(), ITEMS, WorkStore(home=tmp_path / "ray", owner="toy"), make_engine())

    assert local == of_ray
    assert [7, 11] == [i for i, result in enumerate(of_ray) if isinstance(result, Failed)]


@pytest.mark.slow
def test_workers_of_a_cluster_have_others_load_for_them_as_those_of_this_machine_have(
    tmp_path, own_cluster, monkeypatch
):
    local, _ = loading(tmp_path / "local", monkeypatch, 0, LocalEngine(1))
    of_ray, lines = loading(tmp_path / "ray", monkeypatch, 1, make_engine())
    computing = {line.split()[1] for line in lines if line.startswith("compute")}
    others = {line.split()[1] for line in lines if not line.startswith("compute")} - computing

    assert local == of_ray
    assert others


def loading(home, monkeypatch, n_loaders, engine):
    monkeypatch.setenv(LOADERS, str(n_loaders))
    home.mkdir()
    store = WorkStore(home=home, owner="rows")
    results = finished_rows(Loaded(home / "log"), list(range(20)), store, engine)
    return results, (home / "log").read_text().splitlines()


@pytest.mark.slow
def test_where_all_is_finished_no_cluster_is_joined(tmp_path, own_cluster):
    store = WorkStore(home=tmp_path, owner="toy")
    finished_rows(Toy(), ITEMS, store, LocalEngine(1))
    finished_rows(Toy(), ITEMS, store, make_engine())

    assert not ray.is_initialized()


@pytest.mark.parametrize("number", ["0", "two"])
def test_a_number_of_workers_that_is_none_is_refused_and_no_cluster_starts(own_cluster, monkeypatch, number):
    monkeypatch.setenv("UNIRAIN_WORKERS", number)
    with (
        make_engine().open(len, "cpu") as pool,
        pytest.raises(ConfigError, match=f"UNIRAIN_WORKERS: a positive number of processes.*{number}"),
    ):
        pool.submit("task")

    assert not ray.is_initialized()


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "no..name:6379", "[::1]:1"])
def test_an_address_that_cannot_be_is_named(own_cluster, monkeypatch, address):
    monkeypatch.setenv("RAY_ADDRESS", address)
    with (
        make_engine().open(len, "cpu") as pool,
        pytest.raises(MissingInputError, match=f"RAY_ADDRESS={re.escape(address)} "),
    ):
        pool.submit("task")


@pytest.mark.slow
def test_an_address_at_which_no_cluster_answers_is_named_and_without_it_this_machine_is_used(
    tmp_path, own_cluster, monkeypatch
):
    store = WorkStore(home=tmp_path, owner="toy")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(
        MissingInputError, match=r"no Ray cluster answers at RAY_ADDRESS=127\.0\.0\.1:1 .*unset RAY_ADDRESS"
    ):
        finished_rows(Toy(), ITEMS, store)
    monkeypatch.delenv("RAY_ADDRESS")

    assert 40 == len(finished_rows(Toy(), ITEMS, store))
    assert ray.is_initialized()


class Other:
    """Somebody else's work."""

    def holds(self):
        return True


@pytest.mark.slow
def test_workers_for_which_the_cluster_has_no_place_leave_their_tasks_to_the_others(
    tmp_path, own_cluster, monkeypatch
):
    monkeypatch.setattr("unirain_core.engine.ray._PATIENCE_S", 2.0)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    other = ray.remote(Other).options(num_cpus=1).remote()
    assert ray.get(other.holds.remote())

    assert [verdict(item) for item in ITEMS] == finished_rows(
        Toy(), ITEMS, WorkStore(home=tmp_path, owner="toy")
    )


@pytest.mark.slow
def test_a_lost_node_and_a_killed_driver_change_no_byte_and_cost_no_finished_shard():
    """Twenty times over: `python -m benchmarks.ray_faults`."""
    (result,) = ray_faults.rounds(n_rounds=1, n_rows=300, seed=1)

    assert result.is_equal
    assert 0 == result.n_again
    assert 0 == result.n_left


@pytest.mark.slow
@pytest.mark.parametrize("is_head_first", [False, True])
def test_a_cluster_of_our_own_is_gone_a_minute_after_its_driver_was_killed(
    is_head_first, tmp_path, monkeypatch
):
    """The kernel ends head and node with their driver, in any order; agents without a head wait for it."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    (tmp_path / "ray").mkdir()
    driver = ray_faults.start(
        tmp_path / "ray", 200, UNIRAIN_ENGINE="ray", UNIRAIN_WORKERS="2", **{MARK: str(tmp_path)}
    )
    ray_faults.wait_for(tmp_path / "ray", 50, driver)
    if is_head_first:
        (head,) = [pid for pid, command in marked(str(tmp_path)) if "gcs_server" in command]
        os.kill(head, signal.SIGKILL)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    deadline = time.monotonic() + ray_faults.LEFT_S
    while (left := marked(str(tmp_path))) and time.monotonic() < deadline:
        time.sleep(1)

    assert [] == left


def marked(mark: str) -> list[tuple[int, str]]:
    """Pids and commands of the processes that have the mark in their environment."""
    commands = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                commands.append((int(folder.name), (folder / "cmdline").read_bytes().decode()))
        except OSError:
            continue
    return commands
