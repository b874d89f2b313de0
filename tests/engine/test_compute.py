"""What a worker does with one shard."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
import torch

from tests.engine.toys import Item, Toy, verdict
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Verdict
from unirain_core.engine.compute import Compute, Shard
from unirain_core.engine.jobs import Failed
from unirain_core.engine.store import WorkStore

ITEMS = tuple(Item("set", f"item-{number}", number) for number in range(10))


@pytest.fixture
def store(tmp_path):
    return WorkStore(home=tmp_path, owner="toy")


class OutOfMemoryError(RuntimeError):
    """As torch names its own."""


@dataclass(frozen=True)
class Tight(Toy):
    """Memory for a few rows at once; one item never fits."""

    room: int = 100
    huge: str = ""
    sizes: list[int] = field(default_factory=list)

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        self.sizes.append(len(batch))
        if len(batch) > self.room or self.huge in {row.name for row in batch}:
            raise OutOfMemoryError("CUDA out of memory")
        return [verdict(row) for row in batch]


@dataclass(frozen=True)
class Lacking(Tight):
    """As Tight, with any error."""

    error: Exception = field(default_factory=MemoryError)

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        self.sizes.append(len(batch))
        if len(batch) > self.room:
            raise self.error
        return [verdict(row) for row in batch]


def shard(rows=ITEMS):
    return Shard(tuple(row.value.to_bytes(16, "big") for row in rows), tuple(rows))


def stored(store, outcome):
    return tables.read(store.shards / str(outcome.file), Verdict)


def test_rows_are_computed_in_micro_batches_of_the_job_s_size(store):
    job = Tight(batch=4)
    outcome = Compute(job, store)(shard())

    assert [4, 4, 2] == job.sizes
    assert [verdict(item) for item in ITEMS] == stored(store, outcome)
    assert list(shard().keys) == outcome.stored


def test_a_batch_is_halved_when_memory_runs_out_and_stays_so_for_this_worker(store):
    job = Tight(batch=8, room=3)
    compute = Compute(job, store)
    outcome = compute(shard())

    assert [8, 4, 2, 2, 2, 2, 2] == job.sizes
    assert [verdict(item) for item in ITEMS] == stored(store, outcome)
    job.sizes.clear()
    compute(shard())
    assert [2] * 5 == job.sizes


def test_what_did_not_fit_for_one_judge_leaves_the_batches_of_the_next_as_they_are(store):
    Compute(Tight(batch=8, room=1), store)(shard())
    other = Tight(batch=8, algorithm="of another judge")
    Compute(other, store)(shard())

    assert [8, 2] == other.sizes


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"
        ),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=repr,
)
def test_every_form_in_which_torch_says_that_memory_ran_out_halves_the_batch(store, error):
    job = Lacking(batch=8, room=5, error=error)
    outcome = Compute(job, store)(shard())

    assert [8, 4, 4, 2] == job.sizes
    assert [verdict(item) for item in ITEMS] == stored(store, outcome)


def test_another_error_of_torch_halves_nothing(store):
    job = Lacking(batch=8, room=5, error=RuntimeError("shapes cannot be multiplied"))
    Compute(job, store)(shard())

    assert [8, *[1] * 8, 2] == job.sizes


def test_a_whole_shard_is_halved_too_and_its_bytes_are_the_same(store):
    roomy, tight = Compute(Tight(), store)(shard()), Compute(Tight(room=1), store)(shard())

    assert roomy.file == tight.file


def test_a_row_that_never_fits_is_out_of_memory_and_the_rest_is_done(store):
    outcome = Compute(Tight(huge="item-3"), store)(shard())

    assert {shard().keys[3]: Failed("out_of_memory", "the row does not fit into memory")} == outcome.failures
    assert [verdict(item) for item in ITEMS if item.name != "item-3"] == stored(store, outcome)


def test_a_row_that_never_fits_leaves_the_batches_after_it_as_large_as_before(store):
    job = Tight(batch=8, huge="item-3")
    compute = Compute(job, store)
    compute(shard())
    job.sizes.clear()
    compute(shard(ITEMS[4:]))

    assert [6] == job.sizes


def test_a_shard_without_a_result_leaves_no_file(store):
    outcome = Compute(Tight(huge="item-3"), store)(shard(ITEMS[3:4]))

    assert (None, []) == (outcome.file, outcome.stored)
    assert not store.shards.exists()


def test_the_seconds_of_the_work_are_told(store):
    assert 0 < Compute(Tight(), store)(shard()).seconds < 60
