"""Before models run, a person is told what they need of this machine, and hours with the assumption behind them."""

import logging

import pytest

from unirain_core.distill.costs import Cost
from unirain_core.engine import machine
from unirain_core.engine.machine import Machine
from unirain_core.stages import forecast

GB = 10**9
SMALL = Machine(memory_bytes=25 * GB, gpus=(), gpu_bytes=0, flops_per_s=1e10)
BOX = Machine(memory_bytes=512 * GB, gpus=("H100",) * 8, gpu_bytes=80 * GB, flops_per_s=5e14)
JUDGE = Cost(flops=2e13, weight_bytes=16 * GB, batch_bytes=4 * GB)
PAIRS = 2_000_000


def said(costs, own, n_items=PAIRS, workers=2, *, together=False):
    return list(forecast.lines(costs, n_items, own, workers, together=together))


def test_memory_of_each_model_and_of_the_machine_are_told():
    first, second, *_ = said({"internvl": JUDGE}, BOX)

    assert first == (
        "internvl: 16 GB of weights and about 4 GB for a batch; 2e+13 operations for each of at most 2,000,000 items"
    )
    assert second == "this machine has 512 GB of memory; 8 x H100 of 80 GB"


def test_hours_are_those_of_all_questions_on_all_gpus_at_the_share_that_is_named_as_an_assumption():
    # 2e6 x 2e13 = 4e19 operations; 8 x 5e14 x .4 = 1.6e15 a second: 25,000 s
    last = said({"internvl": JUDGE}, BOX)[-1]

    assert last == (
        "at most 4e+19 operations: about 6.9 hours, if 40% of a matrix product's speed here (5e+14 operations a second, "
        "measured) is reached, which is an assumption"
    )


def test_judges_are_in_memory_one_after_the_other_and_encoders_together():
    two = {"a": JUDGE, "b": JUDGE}
    tight = Machine(memory_bytes=GB, gpus=("A",), gpu_bytes=30 * GB, flops_per_s=1e12)

    assert not [line for line in said(two, tight) if "do not fit" in line]
    (advice,) = [line for line in said(two, tight, together=True) if "do not fit" in line]
    assert advice.startswith("40 GB do not fit on a GPU: the batch will be halved")


def test_where_there_is_no_gpu_each_process_loads_a_model_and_one_process_is_advised():
    (advice,) = [line for line in said({"a": JUDGE}, SMALL) if "do not fit" in line]

    assert "2 processes of 20 GB do not fit into memory: give UNIRAIN_WORKERS=1" in advice
    assert not [line for line in said({"a": JUDGE}, SMALL, workers=1) if "do not fit" in line]


def test_a_model_of_which_nothing_is_known_says_so_and_a_machine_that_cannot_be_measured_has_no_hours():
    lines = said({"far": None, "a": JUDGE}, None)

    assert ["far: neither memory nor arithmetic is known beforehand"] == lines[:1]
    assert 2 == len(lines)


def test_stand_ins_are_told_nothing_of_and_nothing_is_measured(monkeypatch, caplog):
    def never():
        raise AssertionError

    monkeypatch.setattr(machine, "measured", never)
    caplog.set_level(logging.INFO)
    forecast.tell("vlm_votes", {"statistics/nss": None}, 5, together=False)
    forecast.tell("query_triplets", {}, 5, together=True)

    assert not caplog.records


def test_this_machine_is_measured_in_a_process_of_its_own():
    import torch

    own = machine.measured()

    assert own is not None
    assert torch.cuda.device_count() == len(own.gpus)
    assert own.memory_bytes > 1e8
    assert own.flops_per_s > 1e8


def test_a_measurement_that_fails_stops_nobody(monkeypatch):
    monkeypatch.setattr("unirain_core.engine.machine.sys.executable", "/nowhere/python")

    machine.measured.cache_clear()

    assert machine.measured() is None
    machine.measured.cache_clear()


@pytest.mark.parametrize("number", [1, 8])
def test_as_many_devices_as_gpus_compute_side_by_side(number):
    own = Machine(memory_bytes=1, gpus=("A",) * number, gpu_bytes=1, flops_per_s=1.0)

    assert number == own.n_devices
    assert 1 == SMALL.n_devices
