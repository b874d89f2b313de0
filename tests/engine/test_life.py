"""A stage's process ends with its parent and is alone."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from unirain_core.engine.life import is_held, lock
from unirain_core.errors import BusyError

CHILD = (
    "import time\n"
    "from unirain_core.engine.life import tie_to_parent, end_on_signals\n"
    "tie_to_parent(); end_on_signals(); print('up', flush=True); time.sleep(60)"
)
PARENT = f"import subprocess, sys, time\np = subprocess.Popen([sys.executable, '-c', {CHILD!r}])\nprint(p.pid, flush=True)\ntime.sleep(60)"


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 (a pseudo-file)
        return stat.read().rpartition(")")[2].split()[0] != "Z"


def test_killing_the_parent_ends_the_stage():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert parent.stdout.readline().strip() == "up"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        if not is_alive(child):
            break
        time.sleep(0.05)

    assert not is_alive(child)


def test_a_stage_that_loads_while_dvc_dies_does_not_begin(tmp_path):
    late = (
        "import time; time.sleep(0.5)\nfrom unirain_core.engine.life import tie_to_parent\n"
        f"tie_to_parent(); open({str(tmp_path / 'began')!r}, 'w').close()"
    )
    for stage, begins in (("x", False), ("", True)):
        environment = {k: v for k, v in os.environ.items() if k != "DVC_STAGE"} | (
            {"DVC_STAGE": "x"} if stage else {}
        )
        parent = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {late!r}]).pid)"
        answer = subprocess.run(
            [sys.executable, "-c", parent], env=environment, capture_output=True, text=True, check=True
        )
        while is_alive(int(answer.stdout)):
            time.sleep(0.05)

        assert begins == (tmp_path / "began").exists()


def test_a_second_holder_is_told_who_holds_the_lock(tmp_path):
    program = (
        "import pathlib, sys\nfrom unirain_core.engine.life import lock\n"
        f"with lock(pathlib.Path({str(tmp_path / 'x.lock')!r}), 'x'): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdin
    holder.stdout.readline()
    with pytest.raises(BusyError, match=f"process {holder.pid}"), lock(tmp_path / "x.lock", "stage 'x'"):
        pass
    holder.kill()
    holder.wait()
    with lock(tmp_path / "x.lock", "stage 'x'"):
        pass
    holder.stdin.close()
    holder.stdout.close()


HOLDER = """
import pathlib, sys
from unirain_core.engine.life import is_held, lock
with lock(pathlib.Path(sys.argv[1]), "stage 'x'", pathlib.Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that runs stage x for the project /one."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "x.lock"), "/one"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def test_a_second_checkout_waits_and_says_for_whom(tmp_path, holder, caplog):
    caplog.set_level("INFO")
    threading.Timer(1.0, holder.kill).start()
    begin = time.monotonic()
    with lock(tmp_path / "x.lock", "stage 'x'", Path("/two")):
        waited = time.monotonic() - begin

    assert waited > 0.5
    assert [
        f"stage 'x' waits for process {holder.pid}, which runs it for the project in /one"
    ] == caplog.messages
    assert (tmp_path / "x.lock").read_text() == f"{os.getpid()}\n/two"


@pytest.mark.parametrize("project", [Path("/one"), None])
def test_the_same_project_and_one_that_needs_all_locks_are_refused(tmp_path, holder, project):
    with (
        pytest.raises(BusyError, match=rf"runs already \(process {holder.pid}\)"),
        lock(tmp_path / "x.lock", "stage 'x'", project),
    ):
        pass


def test_a_lock_is_held_while_its_block_runs(tmp_path):
    file = tmp_path / "stage.lock"

    assert not is_held(file)
    with lock(file, "stage"):
        assert is_held(file)
    assert not is_held(file)


def test_an_empty_folder_in_a_locks_place_is_no_lock(tmp_path):
    file = tmp_path / "stage.lock"
    file.mkdir()

    with lock(file, "stage"):
        assert is_held(file)
