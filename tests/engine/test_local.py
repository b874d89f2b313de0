"""The processes of one machine."""

import os
import subprocess
import sys
import time
from concurrent.futures import wait
from pathlib import Path

import pytest

from unirain_core.engine import local
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.pools import LOADERS, run
from unirain_core.errors import ConfigError, WorkerDiedError


def surroundings(_):
    time.sleep(0.2)
    return os.getpid(), os.environ.get("OMP_NUM_THREADS"), os.environ.get("CUDA_VISIBLE_DEVICES")


def twice(number):
    return 2 * number


def test_tasks_are_taken_as_they_are_needed():
    taken = []

    def tasks():
        for number in range(12):
            taken.append(number)
            yield number

    results = run(LocalEngine(1), twice, tasks())
    first = next(results)

    assert len(taken) <= 3
    assert [2 * number for number in range(12)] == sorted([first, *results])


def test_one_pool_serves_all_tasks_with_one_thread_each():
    answers = set(run(LocalEngine(2), surroundings, range(6)))

    assert len({pid for pid, _, _ in answers}) <= 2
    assert os.getpid() not in {pid for pid, _, _ in answers}
    assert {"1"} == {threads for _, threads, _ in answers}


def test_work_for_gpus_has_a_process_for_each_and_sees_it_alone(monkeypatch):
    monkeypatch.setattr(local, "_cuda_devices", lambda: ["2", "5"])
    answers = set(run(LocalEngine(8), surroundings, range(6), "gpu"))

    assert {"2", "5"} == {device for _, _, device in answers}
    assert 2 == len({pid for pid, _, _ in answers})


def test_the_threads_of_this_process_and_of_its_other_children_stay_as_they_are(monkeypatch):
    """A training that is started after a pool would else compute with one thread, and other last digits."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    answers = list(run(LocalEngine(2), surroundings, range(2)))

    assert {"1"} == {threads for _, threads, _ in answers}
    assert "OMP_NUM_THREADS" not in os.environ
    assert "7" == os.environ["MKL_NUM_THREADS"]


def loaders(_):
    return os.environ.get(LOADERS)


def test_workers_with_a_gpu_share_the_cores_out_for_loading_and_later_workers_without_one_have_none(
    monkeypatch,
):
    monkeypatch.delenv(LOADERS, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(local, "_cuda_devices", lambda: ["2", "5"])

    assert {"8"} == set(run(LocalEngine(8), loaders, range(4), "gpu"))
    assert {None} == set(run(LocalEngine(2), loaders, range(4)))


def test_work_for_gpus_runs_like_other_work_where_there_is_none(monkeypatch):
    monkeypatch.setattr(local, "_cuda_devices", list)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    answers = set(run(LocalEngine(2), surroundings, range(4), "gpu"))

    assert {("1", None)} == {(threads, device) for _, threads, device in answers}


@pytest.mark.parametrize(
    ("number", "visible", "devices"),
    [
        (0, None, []),
        (2, None, ["0", "1"]),
        (2, "3,7", ["3", "7"]),
        (1, "GPU-a, GPU-b", ["GPU-a"]),
        (0, "", []),
    ],
)
def test_the_devices_are_those_that_this_process_may_use(monkeypatch, number, visible, devices):
    monkeypatch.setattr("torch.cuda.device_count", lambda: number)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    assert devices == local._cuda_devices()


def test_no_process_starts_without_a_task():
    with LocalEngine(2).open(surroundings, "cpu") as pool:
        assert 4 == pool.capacity
        assert pool._executor is None


class Unloadable:
    """Travels, and cannot be loaded where it arrives."""

    def __reduce__(self):
        return os.listdir, ("/no such folder",)

    def __call__(self, task):
        return task


def test_a_function_that_cannot_be_loaded_says_why():
    with pytest.raises(FileNotFoundError, match="no such folder"):
        list(run(LocalEngine(1), Unloadable(), [1]))


def test_a_worker_that_ends_is_an_error_with_what_to_do():
    with pytest.raises(WorkerDiedError, match="run the same command again, with UNIRAIN_WORKERS=1"):
        list(run(LocalEngine(1), os._exit, [9]))


def twice_or_die(number):
    if number < 0:
        os._exit(9)
    return 2 * number


def test_what_was_finished_before_a_worker_died_is_given_first():
    with LocalEngine(1).open(twice_or_die, "cpu") as pool:
        for number in (*range(7), -1):
            pool.submit(number)
        wait(pool._flying)

        assert [2 * number for number in range(7)] == sorted(pool.next() for _ in range(7))
        with pytest.raises(WorkerDiedError, match="a worker process was ended from outside"):
            pool.next()


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5", "²"])
def test_a_number_of_workers_that_is_none_is_refused(monkeypatch, number):
    monkeypatch.setenv("UNIRAIN_WORKERS", number)
    with pytest.raises(ConfigError, match=f"UNIRAIN_WORKERS: a positive number of processes.*{number}"):
        LocalEngine()


ORPHAN = """
import os, sys, time
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.pools import run
from tests.engine.test_local import pid_and_wait
if __name__ == "__main__":
    with LocalEngine(2).open(pid_and_wait, "cpu") as pool:
        for folder in [sys.argv[1]] * 2:
            pool.submit(folder)
        while len(os.listdir(sys.argv[1])) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), 9)
"""


def pid_and_wait(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(60)


def test_workers_end_with_a_stage_that_is_killed(tmp_path):
    program = tmp_path / "stage.py"
    program.write_text(ORPHAN)
    (tmp_path / "pids").mkdir()
    root = str(Path(__file__).parents[2])
    command = [sys.executable, str(program), str(tmp_path / "pids")]
    subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": root}, check=False)
    workers = [Path("/proc", file.name) for file in (tmp_path / "pids").iterdir()]
    end = time.monotonic() + 20
    while any(_lives(worker) for worker in workers) and time.monotonic() < end:
        time.sleep(0.05)

    assert 2 == len(workers)
    assert [] == [worker for worker in workers if _lives(worker)]


def _lives(process):
    try:
        return "Z" not in (process / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
