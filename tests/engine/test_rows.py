"""Per-row work is done once, whatever happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from unirain_core.artefacts.schemas import Verdict
from unirain_core.engine.local import Engine, LocalEngine
from unirain_core.engine.rows import Job, finished_rows
from unirain_core.engine.store import WorkStore, collect


@dataclass(frozen=True)
class Item:
    dataset: str
    name: str
    value: int


@dataclass(frozen=True)
class Doubled:
    """Writes down which items it was asked for, so that a test can count."""

    log: Path
    fail_at: str = ""

    def __call__(self, rows: Sequence[Item]) -> list[list[Verdict]]:
        for row in rows:
            if row.name == self.fail_at:
                raise RuntimeError(f"stopped at {row.name}")
            with self.log.open("a") as file:
                file.write(f"{row.name} {len({r.dataset for r in rows})}\n")
        return [[verdict(r)] for r in rows]


def verdict(row: Item) -> Verdict:
    return Verdict(pair_id=row.name, yes=row.value * 2, no=0, abstained=0, verdict=True, calls=3)


def job(log: Path, **changes) -> Job[Item, Verdict]:
    fields = {
        "algorithm": "1",
        "output": Verdict,
        "key": lambda row: str(row.value),
        "place": lambda row: (row.dataset, row.name),
        "work": Doubled(log),
        "shard_rows": 4,
    }
    return Job(**{**fields, **changes})


class InProcess:
    """The engine's oracle: one task after the other, here."""

    def run(self, function, tasks):
        yield from map(function, tasks)


ITEMS = [Item(dataset="ab"[i % 2], name=f"item-{i}", value=i) for i in range(20)]


@pytest.fixture
def store(tmp_path):
    return WorkStore(home=tmp_path / "home", owner="toy")


def computed(log):
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


def test_results_come_in_the_order_of_the_rows(tmp_path, store):
    results = finished_rows(job(tmp_path / "log"), ITEMS, store, InProcess())

    assert [[verdict(item)] for item in ITEMS] == results


def test_a_finished_row_is_never_computed_again(tmp_path, store):
    log = tmp_path / "log"
    finished_rows(job(log), ITEMS[:13], store, InProcess())
    finished_rows(job(log), ITEMS, store, InProcess())
    finished_rows(job(log), list(reversed(ITEMS)), store, InProcess())

    assert sorted(i.name for i in ITEMS) == sorted(computed(log))


def test_work_that_was_finished_before_a_failure_is_kept(tmp_path, store):
    log = tmp_path / "log"
    with pytest.raises(RuntimeError, match="stopped"):
        finished_rows(job(log, work=Doubled(log, fail_at="item-15")), ITEMS, store, InProcess())
    kept = {p.name for p in store.shards.iterdir()}
    results = finished_rows(job(log), ITEMS, store, InProcess())

    assert kept
    assert kept <= {p.name for p in store.shards.iterdir()}
    assert [[verdict(item)] for item in ITEMS] == results


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
    finished_rows(job(log, shard_rows=100), ITEMS, store, InProcess())

    assert {"1"} == {line.split()[1] for line in log.read_text().splitlines()}


def test_rows_of_equal_content_keep_their_own_ids(tmp_path, store):
    twins = [Item("a", "one", 5), Item("a", "two", 5)]
    results = finished_rows(job(tmp_path / "log"), twins, store, InProcess())

    assert ["one", "two"] == [r[0].pair_id for r in results]


def test_a_row_without_a_result_is_a_mistake_of_the_program(tmp_path, store):
    with pytest.raises(ValueError, match="none for a row"):
        finished_rows(job(tmp_path / "log", work=lambda rows: [[] for _ in rows]), ITEMS, store, InProcess())


def test_worker_processes_give_the_same_bytes_as_one_process(tmp_path):
    stores = [WorkStore(home=tmp_path / name, owner="toy") for name in ("one", "many")]
    engines: tuple[Engine, Engine] = (InProcess(), LocalEngine(2))
    for store, engine in zip(stores, engines, strict=True):
        finished_rows(job(tmp_path / "log", key=value_of, place=place_of), ITEMS, store, engine)
    files = [{p.name: p.read_bytes() for p in s.shards.iterdir()} for s in stores]

    assert files[0] == files[1]


def value_of(row: Item) -> str:
    return str(row.value)


def place_of(row: Item) -> tuple[str, str]:
    return row.dataset, row.name


def test_collecting_removes_only_what_the_last_run_did_not_use(tmp_path, store):
    finished_rows(job(tmp_path / "log"), ITEMS, store, InProcess())
    finished_rows(job(tmp_path / "log", algorithm="2"), ITEMS, store, InProcess())
    removed = collect(store.home)

    assert removed
    assert all(p.name.startswith("1-") for p in removed)
    assert all(p.name.startswith("2-") for p in store.shards.iterdir())
