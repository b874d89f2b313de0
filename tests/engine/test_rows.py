"""Per-row work is done once, whatever happens."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from tests.engine.in_process import InProcess
from tests.engine.toys import Item, Toy, verdict
from unirain_core.artefacts.schemas import Verdict
from unirain_core.engine.collect import collect
from unirain_core.engine.jobs import Failed
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.pools import Device, Engine
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ChangedInputError, ItemError, UniRainError, WeightsUnavailableError


@dataclass(frozen=True)
class Doubled(Toy):
    """Writes down which items it was asked for, so that a test can count."""

    log: Path = Path()
    fail_at: str = ""
    error: BaseException | None = None

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        for row in batch:
            if row.name == self.fail_at:
                raise self.error or KeyboardInterrupt("stopped")
            with self.log.open("a") as file:
                file.write(f"{row.name} {len({r.dataset for r in batch})}\n")
        return [verdict(r) for r in batch]


def job(log: Path, **changes) -> Doubled:
    return Doubled(**{"log": log, **changes})


ITEMS = [Item(dataset="ab"[i % 2], name=f"item-{i}", value=i) for i in range(20)]


@pytest.fixture
def store(tmp_path):
    return WorkStore(home=tmp_path / "home", owner="toy")


def computed(log):
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


def test_results_come_in_the_order_of_the_rows(tmp_path, store):
    results = finished_rows(job(tmp_path / "log"), ITEMS, store, InProcess())

    assert [verdict(item) for item in ITEMS] == results


def test_a_finished_row_is_never_computed_again(tmp_path, store):
    log = tmp_path / "log"
    finished_rows(job(log), ITEMS[:13], store, InProcess())
    finished_rows(job(log), ITEMS, store, InProcess())
    finished_rows(job(log), list(reversed(ITEMS)), store, InProcess())

    assert sorted(i.name for i in ITEMS) == sorted(computed(log))


def test_work_that_was_finished_before_a_failure_is_kept(tmp_path, store):
    log = tmp_path / "log"
    with pytest.raises(KeyboardInterrupt, match="stopped"):
        finished_rows(job(log, fail_at="item-15"), ITEMS, store, InProcess())
    kept = {p.name for p in store.shards.iterdir()}
    results = finished_rows(job(log), ITEMS, store, InProcess())

    assert kept
    assert kept <= {p.name for p in store.shards.iterdir()}
    assert [verdict(item) for item in ITEMS] == results


def test_a_new_value_a_new_id_and_a_new_algorithm_each_cost_that_row_alone(tmp_path, store):
    log = tmp_path / "log"
    finished_rows(job(log), ITEMS, store, InProcess())
    log.unlink()
    changed = [Item("a", "item-0", 99), Item("a", "other", 2), *ITEMS[2:]]
    finished_rows(job(log), changed, store, InProcess())

    assert ["item-0", "other"] == sorted(computed(log))


def test_another_algorithm_never_returns_old_results(tmp_path, store):
    log = tmp_path / "log"
    finished_rows(job(log), ITEMS, store, InProcess())
    finished_rows(job(log, algorithm="2"), ITEMS, store, InProcess())

    assert 2 * len(ITEMS) == len(computed(log))


def test_a_shard_never_mixes_datasets(tmp_path, store):
    log = tmp_path / "log"
    finished_rows(job(log), ITEMS, store, InProcess())

    assert {"1"} == {line.split()[1] for line in log.read_text().splitlines()}


def test_rows_of_equal_content_keep_their_own_ids(tmp_path, store):
    twins = [Item("a", "one", 5), Item("a", "two", 5)]
    results = finished_rows(job(tmp_path / "log"), twins, store, InProcess())

    assert [verdict(twin) for twin in twins] == results


@dataclass(frozen=True)
class Silent(Toy):
    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        return []


def test_a_row_without_a_result_is_a_mistake_of_the_program(tmp_path, store):
    with pytest.raises(ValueError, match="rows gave 0 results"):
        finished_rows(Silent(), ITEMS, store, InProcess())


def test_worker_processes_give_the_same_bytes_as_one_process(tmp_path):
    stores = [WorkStore(home=tmp_path / name, owner="toy") for name in ("one", "many")]
    engines: tuple[Engine, Engine] = (InProcess(), LocalEngine(2))
    for store, engine in zip(stores, engines, strict=True):
        finished_rows(Toy(), ITEMS, store, engine)
    files = [{p.name: p.read_bytes() for p in s.shards.iterdir()} for s in stores]

    assert files[0] == files[1]


def test_collecting_removes_only_what_the_last_run_did_not_use(tmp_path, store):
    for algorithm in ("1", "2"):
        store.begin()
        finished_rows(job(tmp_path / "log", algorithm=algorithm), ITEMS, store, InProcess())
        store.end()
    bytes_before = sum(p.stat().st_size for p in store.shards.iterdir())
    collection = collect(store.home)

    assert collection.removed
    assert all(p.name.startswith("1-") for p in collection.removed)
    assert all(p.name.startswith("2-") for p in store.shards.iterdir())
    assert bytes_before - sum(p.stat().st_size for p in store.shards.iterdir()) == collection.freed


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        (ItemError("too_large", "9 x 9"), Failed("too_large", "9 x 9")),
        (MemoryError(), Failed("out_of_memory", "the row does not fit into memory")),
        (ZeroDivisionError("by zero"), Failed("crashed", "ZeroDivisionError: by zero")),
    ],
    ids=["an unusable item", "memory runs out", "a library crashes"],
)
def test_a_row_that_cannot_be_computed_gets_its_reason_and_the_rest_is_done(tmp_path, store, error, failed):
    results = finished_rows(job(tmp_path / "log", fail_at="item-15", error=error), ITEMS, store, InProcess())

    assert [failed if i.name == "item-15" else verdict(i) for i in ITEMS] == results


def test_a_failed_row_is_tried_again_and_nothing_else_is(tmp_path, store):
    log = tmp_path / "log"
    error = ItemError("unreadable", "torn")
    finished_rows(job(log, fail_at="item-15", error=error), ITEMS, store, InProcess())
    log.unlink()
    results = finished_rows(job(log), ITEMS, store, InProcess())

    assert ["item-15"] == computed(log)
    assert [verdict(item) for item in ITEMS] == results


@pytest.mark.parametrize(
    "error", [ChangedInputError("it has changed"), OSError(5, "the disk does not answer")]
)
def test_what_is_wrong_with_the_world_is_said_after_the_rest_is_stored(tmp_path, store, error):
    log = tmp_path / "log"
    with pytest.raises(type(error), match=r"changed|does not answer"):
        finished_rows(job(log, fail_at="item-3", error=error), ITEMS, store, InProcess())
    log.unlink()
    finished_rows(job(log), ITEMS, store, InProcess())

    assert ["item-3"] == computed(log)


def test_absent_weights_end_the_run_at_once(tmp_path, store):
    error = WeightsUnavailableError("no weights")
    with pytest.raises(WeightsUnavailableError, match="no weights"):
        finished_rows(job(tmp_path / "log", fail_at="item-3", error=error), ITEMS, store, InProcess())


@dataclass(frozen=True)
class Defective(Toy):
    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        raise TypeError("a defect of ours")


def test_a_defect_of_the_program_drops_no_data(tmp_path, store):
    with pytest.raises(UniRainError, match=r"20 of 20 rows crashed, .*a defect of ours.*no row was dropped"):
        finished_rows(Defective(), ITEMS, store, InProcess())


@dataclass(frozen=True)
class Deadly(Toy):
    """Kills its own worker process at some items, as native code that crashes does."""

    names: tuple[str, ...] = ()

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        if any(row.name in self.names for row in batch):
            os.kill(os.getpid(), signal.SIGKILL)
        return [verdict(r) for r in batch]


def test_rows_that_kill_their_worker_are_found_and_the_rest_is_done(tmp_path, store):
    deadly = ("item-3", "item-16")
    results = finished_rows(Deadly(names=deadly), ITEMS, store, LocalEngine(2))
    failed = Failed("crashed", "the worker process died of it")

    assert [failed if i.name in deadly else verdict(i) for i in ITEMS] == results


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("at", [5, 200, -3, -40])
def test_a_flipped_bit_in_a_shard_counts_as_absent(tmp_path, store, at, caplog):
    log = tmp_path / "log"
    finished_rows(job(log), ITEMS, store, InProcess())
    for path in store.shards.iterdir():
        flip(path, at)
    log.unlink()
    results = finished_rows(job(log), ITEMS, store, InProcess())
    again = finished_rows(job(log), ITEMS, store, InProcess())

    assert [verdict(item) for item in ITEMS] == results == again
    assert len(ITEMS) == len(computed(log))
    assert "damaged and is done again" in caplog.text


@dataclass(frozen=True, slots=True, kw_only=True)
class WiderVerdict:
    """The class of another commit: one column more."""

    PRODUCER: ClassVar[str] = "vlm_votes"

    pair_id: str
    yes: int
    certainty: float


WiderVerdict.__name__ = "Verdict"  # the key must differ by the columns alone


@dataclass(frozen=True)
class Wider:
    log: Path
    algorithm: str = "1"
    output: type[WiderVerdict] = WiderVerdict
    device: Device = "cpu"
    batch: int | None = None
    key = Toy.key
    place = Toy.place

    def compute(self, batch: Sequence[Item]) -> list[WiderVerdict]:
        with self.log.open("a") as file:
            file.writelines(f"{row.name}\n" for row in batch)
        return [WiderVerdict(pair_id=r.name, yes=r.value, certainty=0.5) for r in batch]


def test_going_a_commit_back_and_forth_computes_nothing_again_and_removes_nothing(tmp_path, store):
    old, new = tmp_path / "old", tmp_path / "new"
    for _ in range(2):
        finished_rows(job(old), ITEMS, store, InProcess())
        finished_rows(Wider(new), ITEMS, store, InProcess())

    assert len(ITEMS) == len(computed(old)) == len(computed(new))


@dataclass(frozen=True)
class Picky(Toy):
    """Crashes on the same few items whenever it is asked about them."""

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        if any(row.value in (3, 9, 16) for row in batch):
            raise RuntimeError("CUDA error")
        return [verdict(r) for r in batch]


def test_a_few_rows_that_always_crash_never_stop_a_later_run(tmp_path, store, caplog):
    """Of the rows that a later run has to compute they are the most, of all rows they are few."""
    picky = Picky()
    first = finished_rows(picky, ITEMS, store, InProcess())
    second = finished_rows(picky, ITEMS, store, InProcess())
    failed = Failed("crashed", "RuntimeError: CUDA error")

    assert [failed if i.value in (3, 9, 16) else verdict(i) for i in ITEMS] == first == second
    assert "3 rows crashed" in caplog.text
    assert "`dvc repro --force --single-item toy` tries them again" in caplog.text


class OutOfMemoryError(RuntimeError):
    """As torch names its own."""


def test_a_device_without_memory_is_out_of_memory_too(tmp_path, store):
    error = OutOfMemoryError("CUDA out of memory")
    results = finished_rows(job(tmp_path / "log", fail_at="item-3", error=error), ITEMS, store, InProcess())

    assert [Failed("out_of_memory", "the row does not fit into memory")] == [
        r for r in results if isinstance(r, Failed)
    ]
