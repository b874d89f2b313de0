"""Rows are loaded by other processes while a device computes: the same results, and one bad row harms no other."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from unirain_core.artefacts.schemas import Verdict
from unirain_core.engine import compute
from unirain_core.engine.ahead import Ahead, n_loaders
from unirain_core.engine.jobs import Failed
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.pools import LOADERS, Device
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, ItemError, MissingInputError


@dataclass(frozen=True)
class Loaded:
    """A job that notes which process loads a row, and doubles what was loaded."""

    log: Path
    algorithm: str = "1"
    output: type[Verdict] = Verdict
    device: Device = "gpu"
    batch: int | None = 4
    room: int = 100
    """Rows that fit into memory at once."""

    def key(self, row: int) -> str:
        return str(row)

    def place(self, row: int) -> tuple[str, str]:
        return "rows", f"rows/{row:05d}"

    def load(self, row: int) -> int:
        with self.log.open("a") as file:
            file.write(f"{row} {os.getpid()}\n")
        if row == 5:
            raise ItemError("unreadable", "the fifth")
        return 2 * row

    def compute(self, batch: Sequence[int]) -> list[Verdict]:
        return self.compute_loaded(batch, [self.load(row) for row in batch])

    def compute_loaded(self, batch: Sequence[int], loaded: Sequence[int]) -> list[Verdict]:
        with self.log.open("a") as file:
            file.write(f"compute {os.getpid()} {len(batch)}\n")
        if len(batch) > self.room:
            raise MemoryError
        return [
            Verdict(pair_id=f"rows/{row:05d}", yes=value, no=0, abstained=0, verdict=True, calls=1)
            for row, value in zip(batch, loaded, strict=True)
        ]


def computed(tmp_path, monkeypatch, loaders, room=100):
    monkeypatch.setenv(LOADERS, str(loaders))
    home = tmp_path / str(loaders)
    home.mkdir()
    store = WorkStore(home=home, owner="rows")
    results = finished_rows(Loaded(home / "log", room=room), list(range(20)), store, LocalEngine(1))
    return results, (home / "log").read_text().splitlines()


def test_what_is_loaded_by_others_gives_what_the_worker_itself_gives(tmp_path, monkeypatch):
    alone, _ = computed(tmp_path, monkeypatch, 0)
    helped, _ = computed(tmp_path, monkeypatch, 2)

    assert alone == helped
    assert Failed("unreadable", "the fifth") == alone[5]
    assert [2 * row for row in range(20) if row != 5] == [v.yes for v in helped if isinstance(v, Verdict)]


def test_other_processes_load_than_the_one_that_computes(tmp_path, monkeypatch):
    _, lines = computed(tmp_path, monkeypatch, 2)
    computing = {line.split()[1] for line in lines if line.startswith("compute")}
    loading = {line.split()[1] for line in lines if not line.startswith("compute")}

    assert 1 == len(computing)
    assert loading - computing


def test_a_batch_that_does_not_fit_is_halved_and_what_was_loaded_of_it_is_not_loaded_again(
    tmp_path, monkeypatch
):
    alone, _ = computed(tmp_path, monkeypatch, 0)
    helped, lines = computed(tmp_path, monkeypatch, 1, room=2)
    loaded = Counter(line.split()[0] for line in lines if not line.startswith("compute"))
    sizes = [int(line.split()[2]) for line in lines if line.startswith("compute")]

    assert alone == helped
    assert 4 == sizes[0]
    assert {2} == {size for size in sizes if size > 1} - {4}
    twice = {row for row, count in loaded.items() if count > 1}
    # the bad one is tried by itself, and so is its neighbour, which a loader may have loaded before
    assert "5" in twice
    assert len(twice) <= 2


@dataclass(frozen=True)
class Refusing(Loaded):
    """Refuses every question while a file stands there, as a judge does whose server is down."""

    def compute_loaded(self, batch: Sequence[int], loaded: Sequence[int]) -> list[Verdict]:
        if self.log.with_suffix(".down").exists():
            raise MissingInputError("the server is down")
        return super().compute_loaded(batch, loaded)


def test_what_was_loaded_for_a_shard_that_failed_is_not_taken_for_rows_of_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setenv(LOADERS, "1")
    job = Refusing(tmp_path / "log")
    worker = compute.Compute(job, WorkStore(home=tmp_path, owner="rows"))
    numbered = [(row, row.to_bytes(16, "big")) for row in range(100, 108)]
    first, second = (
        compute.Shard(tuple(key for _, key in part), tuple(row for row, _ in part))
        for part in (numbered[:4], numbered[4:])
    )
    job.log.with_suffix(".down").touch()
    with pytest.raises(MissingInputError, match="the server is down"):
        worker(first)
    job.log.with_suffix(".down").unlink()
    file = worker(second).file
    assert file is not None
    (path,) = tmp_path.rglob(file)

    assert [208, 210, 212, 214] == pl.read_parquet(path)["yes"].to_list()


def test_two_jobs_of_one_class_load_their_own_rows_in_one_process(tmp_path, monkeypatch):
    """Loaders of the first job would look for the rows of the second where the first has its datasets."""
    monkeypatch.setenv(LOADERS, "1")
    for name in ("one", "two"):
        job = Loaded(tmp_path / name)
        compute.Compute(job, WorkStore(home=tmp_path, owner="rows"))(compute.Shard((b"k" * 16,), (7,)))

        assert 1 == sum(line.startswith("7 ") for line in job.log.read_text().splitlines())


def test_without_the_variable_a_worker_loads_its_rows_itself(monkeypatch):
    monkeypatch.delenv(LOADERS, raising=False)

    assert 0 == n_loaders()


def test_a_number_of_loaders_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv(LOADERS, "many")

    with pytest.raises(ConfigError, match="UNIRAIN_LOADERS: a number of processes is expected"):
        n_loaders()


@dataclass(frozen=True)
class Threads(Loaded):
    """Loads how many threads its process would compute with."""

    def load(self, row: int) -> int:
        return sum(int(os.environ.get(name, "0")) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"))


def test_a_loading_process_computes_with_one_thread(tmp_path, monkeypatch):
    monkeypatch.setenv(LOADERS, "1")
    store = WorkStore(home=tmp_path, owner="rows")
    (verdict,) = finished_rows(Threads(tmp_path / "log"), [7], store, LocalEngine(1))

    assert isinstance(verdict, Verdict)
    assert 2 == verdict.yes  # one of each library


@dataclass(frozen=True)
class Large(Loaded):
    """Loads a megabyte of each row."""

    def load(self, row: int) -> bytes:  # type: ignore[override]
        return bytes(1 << 20)


def test_no_more_is_loaded_ahead_than_there_is_room_for(tmp_path, monkeypatch):
    monkeypatch.setattr("unirain_core.engine.ahead.BYTES_AHEAD", 5 << 20)
    ahead = Ahead(Large(tmp_path / "log"), 1)
    contents = ahead.loaded(list(range(100)), 0, 2)

    assert [1 << 20] * 2 == [len(content) for content in contents]
    assert 2 + 4 == len(ahead._futures)  # pickled, a row is a little longer than a megabyte
    ahead.forget(2)
    ahead.loaded(list(range(100)), 2, 2)
    assert list(range(2, 8)) == sorted(ahead._futures)


def test_a_row_that_is_larger_than_the_room_is_loaded_when_it_is_needed(tmp_path, monkeypatch):
    monkeypatch.setattr("unirain_core.engine.ahead.BYTES_AHEAD", 1 << 10)
    ahead = Ahead(Large(tmp_path / "log"), 1)

    assert 1 << 20 == len(ahead.loaded([1, 2, 3], 0, 1)[0])
    assert [0] == list(ahead._futures)
    assert 1 << 20 == len(ahead.loaded([1, 2, 3], 1, 1)[0])


def test_the_next_batches_are_begun_before_they_are_asked_for(tmp_path):
    ahead = Ahead(Loaded(tmp_path / "log"), 1)

    assert [0, 2] == ahead.loaded(list(range(4)), 0, 2)
    assert 4 == len(ahead._futures)
    ahead.forget(2)
    assert [2, 3] == sorted(ahead._futures)
    ahead.forget()
    assert {} == ahead._futures
